-- What readers look for and read. Rows are only ever added; those kept long enough are deleted.
-- No address is kept, only the site that it belongs to, as far as it is known.
CREATE TABLE portal_searches (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    -- portal or desk.
    place TEXT NOT NULL,
    query TEXT NOT NULL,
    -- The same in one form, however it was typed.
    normal TEXT NOT NULL,
    category TEXT NOT NULL,
    results BIGINT NOT NULL,
    site TEXT,
    user_id TEXT
);
CREATE INDEX portal_searches_by_at ON portal_searches (at, place, results);
CREATE INDEX portal_searches_in_vain ON portal_searches (at) WHERE results = 0;

-- Results that were opened.
CREATE TABLE portal_opened (
    search_id TEXT NOT NULL,
    article TEXT NOT NULL,
    -- The place among the results, from 1.
    position BIGINT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (search_id, article)
);
CREATE INDEX portal_opened_by_at ON portal_opened (at);

-- Searches of agents that did not show what they needed.
CREATE TABLE portal_missed (
    search_id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    user_id TEXT NOT NULL
);
CREATE INDEX portal_missed_by_at ON portal_missed (at);

-- Articles that were read.
CREATE TABLE portal_views (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    article TEXT NOT NULL,
    place TEXT NOT NULL,
    site TEXT,
    -- The same for all views by one browser on one day, and another on the next.
    visit TEXT NOT NULL,
    -- search or list.
    way TEXT NOT NULL
);
CREATE INDEX portal_views_by_at ON portal_views (at, place, article);

-- 役に立った/役に立たなかった: one word a browser and version.
CREATE TABLE article_feedback (
    article TEXT NOT NULL,
    version BIGINT NOT NULL,
    voter TEXT NOT NULL,
    at BIGINT NOT NULL,
    helped INTEGER NOT NULL,
    comment TEXT NOT NULL,
    site TEXT,
    PRIMARY KEY (article, version, voter)
);
CREATE INDEX article_feedback_by_at ON article_feedback (at, article);

-- これで解決: an article settled what an agent was asked.
CREATE TABLE article_settled (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    article TEXT NOT NULL,
    user_id TEXT NOT NULL,
    search_id TEXT,
    call_id TEXT
);
CREATE INDEX article_settled_by_article ON article_settled (article, at);
CREATE INDEX article_settled_by_at ON article_settled (at);

-- What editors have seen to: it comes up again only when it happens after that.
CREATE TABLE attention_done (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (kind, name)
);

-- What staff write to the desk by the form of the portal.
CREATE TABLE inquiries (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    site TEXT NOT NULL,
    name TEXT NOT NULL,
    extension TEXT NOT NULL,
    body TEXT NOT NULL,
    article TEXT,
    query TEXT NOT NULL,
    handled_at BIGINT,
    handled_by TEXT,
    version BIGINT NOT NULL
);
CREATE INDEX inquiries_by_at ON inquiries (at, id);
CREATE INDEX inquiries_open ON inquiries (at) WHERE handled_at IS NULL;
