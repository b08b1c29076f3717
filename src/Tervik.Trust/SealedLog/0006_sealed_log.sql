-- The log of accesses, sealed: hashes of its events in a Merkle tree, kept as the tiles of C2SP tlog-tiles (256 hashes of 32 bytes each; level 0 holds the leaves).
-- An event's salt keeps its hash from telling what it says; events from before have none.
ALTER TABLE access_event ADD COLUMN salt BLOB;
CREATE TABLE access_tile (
    level BIGINT NOT NULL,
    number BIGINT NOT NULL,
    first_event BIGINT NOT NULL,  -- level 0: the event of its first leaf; above: 0
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, number)
);
CREATE INDEX access_tile_event ON access_tile (level, first_event);
-- Signed heads of the tree: the newest, and the last of each hour before.
CREATE TABLE access_checkpoint (
    size BIGINT PRIMARY KEY,      -- events in the tree
    at_us BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    note TEXT NOT NULL            -- C2SP tlog-checkpoint, with what witnesses signed
);
