-- +goose Up

-- With the channel, so that the slot of a channel and a day is one entry in
-- this index too: a server without statistics takes it for the primary key.
DROP INDEX slots_date;
CREATE INDEX slots_date ON slots (date, ref);

-- +goose Down
DROP INDEX slots_date;
CREATE INDEX slots_date ON slots (date);
