-- What people decided about their own record: whom they let in and whom they keep out. An entry is ended, never deleted. Times are microseconds since 1970-01-01 UTC.
-- It lies here and not in the record: a Consent there would be a resource that every search step, count, history and operation had to hide from professionals.
CREATE TABLE sharing (
    id TEXT NOT NULL PRIMARY KEY,
    kind BIGINT NOT NULL,        -- 1 lets somebody in, 2 keeps somebody out
    patient TEXT NOT NULL,       -- Patient/1
    comp BIGINT NOT NULL,        -- key of patient
    actor TEXT NOT NULL,         -- Patient/2 (let in); Practitioner/7, Organization/3 (kept out)
    actor_key BIGINT NOT NULL,   -- key of actor
    made_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,     -- not valid from then on; 0: until it is ended
    ended_us BIGINT NOT NULL     -- when it was ended by hand; 0 while it was not
);
CREATE INDEX sharing_comp ON sharing (comp, made_us);
CREATE INDEX sharing_actor ON sharing (actor_key, ended_us);
