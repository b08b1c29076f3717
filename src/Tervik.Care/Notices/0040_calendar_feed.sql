-- Private addresses under which a calendar program reads appointments. Of the secret in the address only the SHA-256 (hex) is kept. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE calendar_feed (
    secret TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    person TEXT NOT NULL,        -- who made it, Patient/id: Trust decides for them at each read
    patient TEXT NOT NULL,       -- whose appointments: logical id
    detail TEXT NOT NULL,        -- time, place or all
    language TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    read_us BIGINT NOT NULL,     -- 0 before the first time; written once an hour at most
    revoked_us BIGINT NOT NULL   -- 0 while it can be read
);
CREATE INDEX calendar_feed_person ON calendar_feed (person, patient);
