-- What the overview of all channels looks for, among years of slots.

-- +goose Up
CREATE INDEX slots_date ON slots (date);
CREATE INDEX slots_unsettled ON slots (state) WHERE state IN ('claimed', 'doubtful');

-- +goose Down
DROP INDEX slots_unsettled;
DROP INDEX slots_date;
