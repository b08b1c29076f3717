-- With which browser and system a session was opened, such as Firefox|Windows: enough to recognise a device of one's own.
ALTER TABLE session ADD COLUMN device TEXT NOT NULL DEFAULT '';
CREATE INDEX session_agent ON session (agent, opened_us);
