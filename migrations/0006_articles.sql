-- Articles of the knowledge, with all their versions. Instants are Unix milliseconds.
CREATE TABLE articles (
    id TEXT NOT NULL PRIMARY KEY,
    revision BIGINT NOT NULL,
    -- JSON of who asked for or approved its withdrawal.
    withdrawal TEXT NOT NULL,
    settled BIGINT NOT NULL,
    -- When something becomes due by itself: a publication or an expiry.
    due_at BIGINT,
    updated_at BIGINT NOT NULL,
    -- Of the newest version, for the editors' list.
    stage TEXT NOT NULL,
    withdrawal_asked INTEGER NOT NULL,
    question TEXT NOT NULL,
    search TEXT NOT NULL,
    category TEXT NOT NULL,
    review_on TEXT,
    -- Of the version that readers see: 1, and to whom; 0: they see none.
    visible INTEGER NOT NULL,
    visible_version BIGINT,
    audience TEXT NOT NULL,
    shown_question TEXT NOT NULL,
    shown_category TEXT NOT NULL,
    published_at BIGINT
);
CREATE INDEX articles_by_due ON articles (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX articles_by_stage ON articles (stage, updated_at);
CREATE INDEX articles_shown ON articles (visible, audience, shown_category, published_at);

CREATE TABLE article_versions (
    article_id TEXT NOT NULL REFERENCES articles (id),
    number BIGINT NOT NULL,
    -- JSON.
    version TEXT NOT NULL,
    PRIMARY KEY (article_id, number)
);

-- What searches must take up, in order.
CREATE TABLE knowledge_changes (
    position BIGINT NOT NULL PRIMARY KEY,
    article_id TEXT NOT NULL
);
