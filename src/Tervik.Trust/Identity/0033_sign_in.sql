-- How surely the person of a session was identified, when and how; and who else the same identification proves them to be (a professional is a patient too): references, separated by spaces.
ALTER TABLE session ADD COLUMN assurance BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN authenticated_us BIGINT NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN method TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN others TEXT NOT NULL DEFAULT '';

-- Passkeys: what their owner's device proved when it was made, and how often it has signed since.
CREATE TABLE passkey (
    id TEXT NOT NULL PRIMARY KEY,   -- of the credential, base64url
    handle TEXT NOT NULL,           -- of its owner, random, the same for all of one owner
    agent TEXT NOT NULL,
    name TEXT NOT NULL,
    made_us BIGINT NOT NULL,
    used_us BIGINT NOT NULL,        -- 0: not yet
    sign_count BIGINT NOT NULL,
    body TEXT NOT NULL              -- JSON: public key, flags, what was attested
);
CREATE INDEX passkey_agent ON passkey (agent, made_us);
CREATE INDEX passkey_handle ON passkey (handle);

-- A challenge that was sent to a browser; good once.
CREATE TABLE passkey_challenge (
    id TEXT NOT NULL PRIMARY KEY,   -- SHA-256 (hex) of what the browser was given
    browser TEXT NOT NULL,          -- SHA-256 (hex) of the token of its forms
    state TEXT NOT NULL,
    ends_us BIGINT NOT NULL
);
CREATE INDEX passkey_challenge_ends ON passkey_challenge (ends_us);
