-- Up to which event access_patient and access_agent are complete; they follow the log in large steps.
CREATE TABLE access_indexed (event BIGINT NOT NULL);
INSERT INTO access_indexed (event) SELECT COALESCE(max(event), 0) FROM access_event;
