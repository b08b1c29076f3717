-- A choice is about the whole record or a part of it, and for or against whom it says.
ALTER TABLE sharing ADD COLUMN what TEXT NOT NULL DEFAULT '';   -- '' everything; category MH; item Observation/1; period 2024-01-01 2024-02-01; classes medication (let in only)
ALTER TABLE sharing ADD COLUMN seq BIGINT NOT NULL DEFAULT 0;   -- number of its last change, see choice_version
CREATE INDEX sharing_seq ON sharing (seq);
-- Access out of the ordinary: a broken glass, a declared relation. Never deleted.
CREATE TABLE exceptional_access (
    id TEXT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,             -- 1 break-glass, 2 declared relation
    practitioner TEXT NOT NULL,       -- Practitioner/7
    practitioner_key BIGINT NOT NULL, -- key of it
    patient TEXT NOT NULL,            -- Patient/1
    comp BIGINT NOT NULL,             -- key of it
    unit TEXT NOT NULL,               -- Organization/3 for which, '' for none: whose lead reviews it
    reason TEXT NOT NULL,             -- a code
    note TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    ended_us BIGINT NOT NULL,         -- when it was ended by hand; 0 while it was not
    noticed_us BIGINT NOT NULL,       -- when the patient said that they have seen it; 0 before
    review BIGINT NOT NULL,           -- 0 waits, 1 justified, 2 not justified
    reviewer TEXT NOT NULL,           -- Practitioner/8
    reviewed_us BIGINT NOT NULL,
    review_note TEXT NOT NULL,
    seq BIGINT NOT NULL
);
CREATE INDEX exceptional_practitioner ON exceptional_access (practitioner_key, made_us);
CREATE INDEX exceptional_comp ON exceptional_access (comp, made_us);
CREATE INDEX exceptional_review ON exceptional_access (review, made_us);
CREATE INDEX exceptional_seq ON exceptional_access (seq);
-- Grows with each change of the two tables, in its transaction: while it is the same, nothing that was derived from them has changed.
CREATE TABLE choice_version (one BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL);
INSERT INTO choice_version (one, version) VALUES (1, 1);
