-- What stands for the INVITE that began a call: one that comes again after the program was killed
-- is known by it, so that its caller counts once.
ALTER TABLE calls ADD COLUMN invite TEXT;
CREATE INDEX calls_by_invite ON calls (invite) WHERE invite IS NOT NULL;
