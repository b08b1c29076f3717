-- How a person wants to be told. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE notice_preference (
    person TEXT NOT NULL PRIMARY KEY,
    mail TEXT,                   -- confirmed address, or NULL
    asked_mail TEXT,             -- address that waits for its code, or NULL
    code TEXT,                   -- SHA-256 (hex) of person and code
    code_until_us BIGINT NOT NULL,
    code_tries BIGINT NOT NULL,
    mail_kinds TEXT NOT NULL,    -- kinds with blanks between
    webhook_kinds TEXT NOT NULL,
    reminders TEXT NOT NULL,     -- minutes before, with blanks between
    quiet_from BIGINT NOT NULL,  -- minute of the day; equal to quiet_to: no quiet hours
    quiet_to BIGINT NOT NULL,
    zone TEXT NOT NULL,
    language TEXT NOT NULL
);
