-- Stretches of the sealed log in which there are not as many events as were sealed: first_event to next_event (not part of it).
CREATE TABLE access_gap (first_event BIGINT PRIMARY KEY, next_event BIGINT NOT NULL, missing BIGINT NOT NULL);
