-- Who has which time of which calendar. The decision is made in memory (BookingBoard); the primary key of booking_cell makes sure that no fault of it can give a cell twice.
-- Keys are those of Keys.Reference; times are microseconds since 1970-01-01 UTC; cells have five minutes (Cells).
CREATE TABLE booking (
    no BIGINT PRIMARY KEY,       -- key of Appointment/id
    id TEXT NOT NULL,
    owner BIGINT NOT NULL,       -- who asked
    referral BIGINT NOT NULL,    -- of which there is one at most; 0 for none
    state BIGINT NOT NULL,       -- 1 held, 2 booked
    until_us BIGINT NOT NULL,    -- when a hold ends
    extended BIGINT NOT NULL,
    to_cell BIGINT NOT NULL,     -- the cell after its last
    proposal TEXT NOT NULL,
    spans BLOB NOT NULL          -- calendar, first cell, cell after the last: 24 bytes for each, little endian
);
CREATE INDEX booking_referral ON booking (referral);
CREATE INDEX booking_held ON booking (state, until_us);
CREATE TABLE booking_cell (
    calendar BIGINT NOT NULL,
    cell BIGINT NOT NULL,
    seat BIGINT NOT NULL,        -- 0, or the place of a calendar that takes several at the same time
    booking BIGINT NOT NULL,
    PRIMARY KEY (calendar, cell, seat)
);
