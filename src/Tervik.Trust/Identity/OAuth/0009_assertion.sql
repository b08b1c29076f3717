-- Client assertions that were used, until they end: each is good once. The name is a hash of client and jti.
CREATE TABLE oauth_assertion (name TEXT NOT NULL PRIMARY KEY, ends_us BIGINT NOT NULL);
CREATE INDEX oauth_assertion_ends ON oauth_assertion (ends_us);
