-- Files of articles, by the hash of their content. Which article has which stands in its versions.
CREATE TABLE article_files (
    hash TEXT NOT NULL PRIMARY KEY,
    -- Base64.
    content TEXT NOT NULL
);
