-- What can be said on the phone in place of an article's id. None is given twice.
ALTER TABLE articles ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
UPDATE articles SET number = (SELECT COUNT(*) FROM articles AS other WHERE other.id <= articles.id);
CREATE UNIQUE INDEX articles_by_number ON articles (number);
CREATE TABLE article_numbers (last BIGINT NOT NULL);
INSERT INTO article_numbers (last) SELECT COUNT(*) FROM articles;

-- The newest version is a draft that was sent back.
ALTER TABLE articles ADD COLUMN sent_back INTEGER NOT NULL DEFAULT 0;
UPDATE articles SET sent_back = 1 WHERE stage = 'draft' AND EXISTS (
    SELECT 1 FROM article_versions AS v WHERE v.article_id = articles.id
    AND v.version LIKE '%"sent_back":"%'
    AND v.number = (SELECT MAX(w.number) FROM article_versions AS w WHERE w.article_id = articles.id)
);

-- What waits for somebody is counted with every page.
CREATE INDEX articles_sent_back ON articles (id) WHERE sent_back = 1;
CREATE INDEX articles_withdrawal_asked ON articles (id) WHERE withdrawal_asked = 1;

-- What somebody has typed into the form of an article and not saved: the newest of each article.
CREATE TABLE article_autosaves (
    user_id TEXT NOT NULL,
    -- Empty for an article that is not kept yet.
    article_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    -- The fields of the form, as JSON.
    form TEXT NOT NULL,
    PRIMARY KEY (user_id, article_id)
);
CREATE INDEX article_autosaves_by_at ON article_autosaves (at);
