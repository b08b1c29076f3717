-- What sets resources of a patient apart, so that they can be hidden: a sensitive category, an item or a period the patient chose. Marks pass on to what refers to a
-- marked resource, and only grow: an older version that told more can still be read. Keys are those of Keys.Mark; times are microseconds since 1970-01-01 UTC.
CREATE TABLE mark (rid BIGINT NOT NULL, key BIGINT NOT NULL, PRIMARY KEY (rid, key));
-- Periods: what is dated within gets the key, now and when it is written later.
CREATE TABLE mark_period (comp BIGINT NOT NULL, key BIGINT NOT NULL, from_us BIGINT NOT NULL, to_us BIGINT NOT NULL, PRIMARY KEY (comp, key));
-- References that no search parameter covers, from a resource (source, its rid) to another: they pass marks on as well.
CREATE TABLE mark_link (target BIGINT NOT NULL, source BIGINT NOT NULL, PRIMARY KEY (target, source));
