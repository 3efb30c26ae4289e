-- 信号の記録: the order of messages of one instant (larger is later), and how often each was sent again.
ALTER TABLE signal_messages ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;
ALTER TABLE signal_messages ADD COLUMN repeated BIGINT NOT NULL DEFAULT 0;
