-- Who is signed in and which programs may ask. Secrets are kept as SHA-256 (hex) only. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE session (
    secret TEXT NOT NULL PRIMARY KEY,
    agent TEXT NOT NULL,
    opened_us BIGINT NOT NULL,
    seen_us BIGINT NOT NULL,     -- sliding expiry counts from here; written at most once a minute
    ends_us BIGINT NOT NULL      -- absolute expiry
);
CREATE INDEX session_ends ON session (ends_us);

CREATE TABLE access_token (
    id TEXT NOT NULL PRIMARY KEY,
    secret TEXT NOT NULL,
    agent TEXT NOT NULL,
    scope BIGINT NOT NULL,       -- 1 read, 2 write, 3 both
    label TEXT NOT NULL,
    issued_us BIGINT NOT NULL,
    ends_us BIGINT NOT NULL,
    revoked_us BIGINT NOT NULL   -- 0 while it is valid
);
CREATE UNIQUE INDEX access_token_secret ON access_token (secret);
CREATE INDEX access_token_agent ON access_token (agent, issued_us);
