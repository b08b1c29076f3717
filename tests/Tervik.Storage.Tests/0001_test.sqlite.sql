-- What the tests write to; also: comments; with semicolons.
CREATE TABLE item (number BIGINT PRIMARY KEY, name TEXT NOT NULL, content BLOB);
CREATE INDEX item_name ON item (name);
