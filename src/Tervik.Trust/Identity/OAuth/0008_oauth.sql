-- Applications, what people allowed them, and tokens, as OpenIddict keeps them: the columns are what is searched by, the body (JSON) is the whole. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE oauth_application (id TEXT NOT NULL PRIMARY KEY, client_id TEXT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX oauth_application_client ON oauth_application (client_id);
CREATE TABLE oauth_authorization (id TEXT NOT NULL PRIMARY KEY, subject TEXT NOT NULL, application TEXT NOT NULL, status TEXT NOT NULL, created_us BIGINT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX oauth_authorization_subject ON oauth_authorization (subject, application);
CREATE INDEX oauth_authorization_application ON oauth_authorization (application);
CREATE TABLE oauth_token (id TEXT NOT NULL PRIMARY KEY, reference TEXT, allowed_by TEXT NOT NULL, subject TEXT NOT NULL, application TEXT NOT NULL, status TEXT NOT NULL, expires_us BIGINT NOT NULL, version TEXT NOT NULL, body TEXT NOT NULL);
CREATE UNIQUE INDEX oauth_token_reference ON oauth_token (reference);
CREATE INDEX oauth_token_allowed ON oauth_token (allowed_by);
CREATE INDEX oauth_token_subject ON oauth_token (subject, application);
CREATE INDEX oauth_token_expires ON oauth_token (expires_us);
-- A launch from the portal: an application opened about a patient. Used once.
CREATE TABLE oauth_launch (id TEXT NOT NULL PRIMARY KEY, agent TEXT NOT NULL, patient TEXT NOT NULL, ends_us BIGINT NOT NULL);
