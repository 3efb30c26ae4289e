-- 受付番号: what staff say of an inquiry on the telephone. The last one given stands apart, so that
-- none comes again when old inquiries are deleted; whoever counts it up has it alone over all nodes.
ALTER TABLE inquiries ADD COLUMN number BIGINT;
UPDATE inquiries SET number = (
    SELECT COUNT(*) FROM inquiries earlier
    WHERE (earlier.at, earlier.id) <= (inquiries.at, inquiries.id)
);
CREATE UNIQUE INDEX inquiries_by_number ON inquiries (number);

CREATE TABLE inquiry_numbers (last BIGINT NOT NULL);
INSERT INTO inquiry_numbers (last) SELECT COUNT(*) FROM inquiries;
