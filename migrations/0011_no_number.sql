-- Why a call has no number of its caller, and the subaddresses behind numbers. The table is computed
-- anew from the log (derived.version): words that older programs kept as numbers are gone from it.
ALTER TABLE calls ADD COLUMN no_number TEXT;
ALTER TABLE calls ADD COLUMN from_isub TEXT;
ALTER TABLE calls ADD COLUMN to_isub TEXT;
