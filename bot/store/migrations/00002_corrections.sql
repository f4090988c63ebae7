-- What becomes of a post after it was made: corrections of its digest that are
-- edited in, and its removal.

-- +goose Up

-- edition is what the messages show. next_edition is what is put in its stead
-- (next_state 'correcting') or could not be ('given_up', next_reason);
-- corrections counts those begun on the local date corrected_on.
ALTER TABLE slots ADD COLUMN edition text NOT NULL DEFAULT '';
ALTER TABLE slots ADD COLUMN next_edition text NOT NULL DEFAULT '';
ALTER TABLE slots ADD COLUMN next_state text NOT NULL DEFAULT '';
ALTER TABLE slots ADD COLUMN next_reason text NOT NULL DEFAULT '';
ALTER TABLE slots ADD COLUMN corrections bigint NOT NULL DEFAULT 0;
ALTER TABLE slots ADD COLUMN corrected_on text NOT NULL DEFAULT '';

-- When the removal of the messages was asked for, and when it was over.
ALTER TABLE slots ADD COLUMN retract_at bigint NOT NULL DEFAULT 0;
ALTER TABLE slots ADD COLUMN retracted_at bigint NOT NULL DEFAULT 0;

-- note marks the reply that stands for messages that could not be edited.
ALTER TABLE parts ADD COLUMN note boolean NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE parts DROP COLUMN note;
ALTER TABLE slots DROP COLUMN retracted_at;
ALTER TABLE slots DROP COLUMN retract_at;
ALTER TABLE slots DROP COLUMN corrected_on;
ALTER TABLE slots DROP COLUMN corrections;
ALTER TABLE slots DROP COLUMN next_reason;
ALTER TABLE slots DROP COLUMN next_state;
ALTER TABLE slots DROP COLUMN next_edition;
ALTER TABLE slots DROP COLUMN edition;
