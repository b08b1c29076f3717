-- The record: current versions, history, and the index. Keys are the 64-bit hashes of Indexing/Keys.cs; times are microseconds since 1970-01-01 UTC.
CREATE TABLE setting (name TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);

-- One row per logical resource; a deleted one stays, with method DELETE and an empty body.
CREATE TABLE res (
    pk BIGINT PRIMARY KEY,       -- time-ordered: the microsecond of creation
    rid BIGINT NOT NULL,         -- key of Type/id
    type TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    ver BIGINT NOT NULL,
    at_us BIGINT NOT NULL,       -- strictly increasing over all writes: also the commit order
    method TEXT COLLATE "C" NOT NULL,
    comp BIGINT NOT NULL,        -- primary patient compartment; 0 none, -1 several
    body BYTEA NOT NULL,
    sum BIGINT NOT NULL          -- XxHash3 of the body, for verify
);
CREATE UNIQUE INDEX res_rid ON res (rid);
CREATE UNIQUE INDEX res_at ON res (at_us);
CREATE INDEX res_type_at ON res (type, at_us);

-- Replaced versions, out of the hot table.
CREATE TABLE hist (
    pk BIGINT NOT NULL,
    ver BIGINT NOT NULL,
    type TEXT COLLATE "C" NOT NULL,
    id TEXT COLLATE "C" NOT NULL,
    at_us BIGINT NOT NULL,
    method TEXT COLLATE "C" NOT NULL,
    comp BIGINT NOT NULL,
    body BYTEA NOT NULL,
    sum BIGINT NOT NULL          -- XxHash3 of the body, for verify
);
CREATE UNIQUE INDEX hist_pk ON hist (pk, ver);
CREATE UNIQUE INDEX hist_at ON hist (at_us);
CREATE INDEX hist_type_at ON hist (type, at_us);

-- Tokens, uris, flags and memberships by patient: a patient's entries lie together. A token's key stands for the whole value
-- (every coding, display and text of a CodeableConcept): one row here instead of one for each form it can be searched by.
CREATE TABLE ix (comp BIGINT NOT NULL, key BIGINT NOT NULL, pk BIGINT NOT NULL, PRIMARY KEY (comp, key, pk));
-- The same for searches without a patient.
CREATE TABLE ixg (key BIGINT NOT NULL, pk BIGINT NOT NULL, PRIMARY KEY (key, pk));
-- References, from the target (search, _revinclude, _has) and from the source (_include, chain, sort).
CREATE TABLE rev (target BIGINT NOT NULL, param BIGINT NOT NULL, source BIGINT NOT NULL, PRIMARY KEY (target, param, source));
CREATE TABLE fwd (source BIGINT NOT NULL, param BIGINT NOT NULL, target BIGINT NOT NULL, PRIMARY KEY (source, param, target));
-- Dates, numbers, quantities: by resource (to check and to sort) and by value (to find).
CREATE TABLE rng (param BIGINT NOT NULL, pk BIGINT NOT NULL, lo BIGINT NOT NULL, hi BIGINT NOT NULL, PRIMARY KEY (param, pk, lo, hi));
CREATE INDEX rng_lo ON rng (param, lo, hi, pk);
-- Folded strings, likewise.
CREATE TABLE str (param BIGINT NOT NULL, pk BIGINT NOT NULL, val TEXT COLLATE "C" NOT NULL, PRIMARY KEY (param, pk, val));
CREATE INDEX str_val ON str (param, val, pk);
-- Composites: values of the same element. A range stands under -1 - key too, so that points can be found by their lower end.
CREATE TABLE tup (key BIGINT NOT NULL, lo BIGINT NOT NULL, hi BIGINT NOT NULL, pk BIGINT NOT NULL, PRIMARY KEY (key, lo, hi, pk));
CREATE INDEX tup_pk ON tup (pk, key, lo, hi);
-- The vocabulary: forms a token can be searched by (code, system|code, |code, system|, …) and its texts (for :text and to sort). Grows, never shrinks.
CREATE TABLE form (form BIGINT NOT NULL, key BIGINT NOT NULL, PRIMARY KEY (form, key));
CREATE TABLE txt (param BIGINT NOT NULL, val TEXT COLLATE "C" NOT NULL, key BIGINT NOT NULL, PRIMARY KEY (param, val, key));
-- Words of narratives, for _text.
CREATE TABLE word (key BIGINT NOT NULL, pk BIGINT NOT NULL, PRIMARY KEY (key, pk));
