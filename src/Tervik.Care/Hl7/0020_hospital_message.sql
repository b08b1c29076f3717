-- Messages of HL7 v2 that were taken: the same one a second time gets the same answer and changes nothing.
-- sender: MSH-3 and MSH-4 as they were sent; hash: SHA-256 of the message, since some senders begin to count again; at_us: microseconds since 1970-01-01 UTC.
CREATE TABLE hl7_message (
    client TEXT NOT NULL,
    sender TEXT NOT NULL,
    control_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    at_us BIGINT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (client, sender, control_id, hash)
);
CREATE INDEX hl7_message_at ON hl7_message (at_us);
