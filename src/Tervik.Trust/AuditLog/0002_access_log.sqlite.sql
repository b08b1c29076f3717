-- The log of accesses: only ever appended to. event is the microsecond (since 1970-01-01 UTC) at which the access became durable here, made unique: the order of the log.
CREATE TABLE access_event (
    event INTEGER PRIMARY KEY,
    agent TEXT,                  -- Practitioner/7, Patient/1, client/name; null: not signed in
    interaction TEXT NOT NULL,
    type TEXT,
    id TEXT,
    query TEXT,
    resources TEXT NOT NULL,     -- Type/id, separated by a space
    compartments TEXT NOT NULL,  -- keys of the patients concerned, separated by a space
    status BIGINT NOT NULL,
    request TEXT                 -- trace id, which joins it with the operator's log
);
-- Who has seen a patient's data, and what somebody has looked at.
CREATE TABLE access_patient (comp BIGINT NOT NULL, event BIGINT NOT NULL, PRIMARY KEY (comp, event)) WITHOUT ROWID;
CREATE TABLE access_agent (agent BIGINT NOT NULL, event BIGINT NOT NULL, PRIMARY KEY (agent, event)) WITHOUT ROWID;
