-- What looks like curiosity in the log of accesses. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE snooping_alert (
    id TEXT NOT NULL PRIMARY KEY,  -- from rule, agent, patient and day: found again after a crash, it is the same
    rule TEXT NOT NULL,
    agent TEXT NOT NULL,           -- whose accesses
    patient TEXT,                  -- to whom; null: to many
    at_us BIGINT NOT NULL,         -- the event that led to it
    patients BIGINT NOT NULL,      -- how many
    reasons BIGINT NOT NULL,       -- LookReasons
    raised_us BIGINT NOT NULL,
    state TEXT NOT NULL            -- Open, Explained, Confirmed
);
-- Who reviews an alert: the institution of the agent (is_own 1: their lead), those it is part of (their data protection); '' where none is known.
CREATE TABLE snooping_alert_unit (unit TEXT NOT NULL, raised_us BIGINT NOT NULL, id TEXT NOT NULL, is_own BIGINT NOT NULL, PRIMARY KEY (unit, raised_us, id));
CREATE TABLE snooping_review (id TEXT NOT NULL, at_us BIGINT NOT NULL, reviewer TEXT NOT NULL, state TEXT NOT NULL, comment TEXT NOT NULL, PRIMARY KEY (id, at_us));
-- Looks that are judged once more, or together with others: without a relation yet (kind 1), off duty (kind 2).
CREATE TABLE snooping_hint (kind BIGINT NOT NULL, agent TEXT NOT NULL, comp BIGINT NOT NULL, at_us BIGINT NOT NULL, PRIMARY KEY (kind, at_us, agent, comp));
CREATE INDEX snooping_hint_agent ON snooping_hint (kind, agent, at_us);
-- Up to which event the log was judged. What came before there were rules is not.
CREATE TABLE snooping_cursor (event BIGINT NOT NULL);
INSERT INTO snooping_cursor (event) SELECT COALESCE(max(event), 0) FROM access_event;
