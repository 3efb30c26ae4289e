-- 月次. What people write for a month: facts, remarks, 前月報告会での指示事項, 改善状況報告, work that
-- nothing measures, why sums do not agree, and the published totals of earlier months. Each with all its versions; rows are only ever added.
CREATE TABLE month_entries (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    version BIGINT NOT NULL,
    newest BIGINT NOT NULL,
    -- 2024-04.
    month TEXT NOT NULL,
    at BIGINT NOT NULL,
    changed_by TEXT NOT NULL,
    -- Why it was changed or removed.
    reason TEXT NOT NULL,
    -- The entry as JSON; NULL: it was removed.
    entry TEXT,
    PRIMARY KEY (kind, id, version)
);
CREATE INDEX month_entries_by_month ON month_entries (kind, month, id) WHERE newest = 1;

-- 版: what was 確定. Rows are only ever added. Edition 0 is the draft that the schedule made.
CREATE TABLE month_editions (
    month TEXT NOT NULL,
    edition BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    -- Why there is another one.
    reason TEXT NOT NULL,
    program TEXT NOT NULL,
    -- Over the JSON that is kept, in hex.
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    PRIMARY KEY (month, edition)
);

-- What an edition says, compressed, in parts.
CREATE TABLE month_edition_parts (
    month TEXT NOT NULL,
    edition BIGINT NOT NULL,
    part BIGINT NOT NULL,
    -- Base64.
    content TEXT NOT NULL,
    PRIMARY KEY (month, edition, part)
);

-- 提出, 差戻し, 承認. Rows are only ever added.
CREATE TABLE month_steps (
    month TEXT NOT NULL,
    seq BIGINT NOT NULL,
    edition BIGINT NOT NULL,
    kind TEXT NOT NULL,
    -- The day, 2024-05-08.
    happened_on TEXT NOT NULL,
    person TEXT NOT NULL,
    remark TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    recorded_by TEXT NOT NULL,
    PRIMARY KEY (month, seq)
);
