-- Notices: that something happened which a person should know. They hold references and nothing of what they tell of. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE notice (
    id TEXT NOT NULL PRIMARY KEY, -- hash of person and event
    person TEXT NOT NULL,        -- Patient/id or Practitioner/id
    event TEXT NOT NULL,         -- what happened: Appointment/id/v2, reminder/id/start/minutes, Communication/id
    kind TEXT NOT NULL,
    about TEXT NOT NULL,         -- Type/id of what it tells of
    patient TEXT NOT NULL,       -- logical id of whose record that is
    made_us BIGINT NOT NULL,
    read_us BIGINT NOT NULL      -- 0 while it is unread
);
CREATE UNIQUE INDEX notice_event ON notice (person, event);
CREATE INDEX notice_newest ON notice (person, made_us);
CREATE INDEX notice_about ON notice (about);
CREATE INDEX notice_unread ON notice (person, read_us);

-- What has to leave: one row for each person, occasion and channel, so that nothing is told twice.
CREATE TABLE notice_delivery (
    person TEXT NOT NULL,
    occasion TEXT NOT NULL,      -- the event; of reminders in days, the day of the visits
    channel TEXT NOT NULL,       -- mail or webhook
    notice TEXT NOT NULL,
    is_urgent BIGINT NOT NULL,   -- quiet hours do not hold it
    until_us BIGINT NOT NULL,    -- of no use from then on; 0 for always
    state BIGINT NOT NULL,       -- 0 waits, 1 was sent, 2 given up, 3 of no use any more
    due_us BIGINT NOT NULL,      -- when it is tried next
    attempts BIGINT NOT NULL,
    first_us BIGINT NOT NULL,
    done_us BIGINT NOT NULL,
    fault TEXT,                  -- why the last attempt failed, without an address
    PRIMARY KEY (person, occasion, channel)
);
CREATE INDEX notice_delivery_due ON notice_delivery (state, due_us);

-- Appointments as they were when their people were told last: what changed is the difference, and when the next reminder may be due.
CREATE TABLE notice_appointment (
    id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL,
    start_us BIGINT NOT NULL,
    since_us BIGINT NOT NULL,    -- since when it is at this time
    next_us BIGINT NOT NULL      -- 9223372036854775807 for never
);
CREATE INDEX notice_appointment_next ON notice_appointment (next_us);
