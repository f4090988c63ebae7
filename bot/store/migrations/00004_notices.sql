-- What admins are told of paused channels, and when platforms are asked whether
-- those can be posted to again.

-- +goose Up

-- The newest incident of a channel. state is 'due' while nobody was told,
-- 'sending' from the intent on, then 'told', 'doubtful' or 'given_up'. fence
-- grows with each intent, attempts counts those of this incident, told_at is
-- the last intent whose message may have been read.
CREATE TABLE notices (
    ref          text   NOT NULL PRIMARY KEY,
    installation text   NOT NULL,
    code         text   NOT NULL,
    paused_at    bigint NOT NULL,
    state        text   NOT NULL,
    reason       text   NOT NULL,
    due_at       bigint NOT NULL,
    told_at      bigint NOT NULL,
    attempts     bigint NOT NULL,
    fence        bigint NOT NULL
);
CREATE INDEX notices_open ON notices (state) WHERE state IN ('due', 'sending');

-- unanswered counts the times in a row that a platform could not be asked.
CREATE TABLE probes (
    ref        text   NOT NULL PRIMARY KEY,
    next_at    bigint NOT NULL,
    unanswered bigint NOT NULL
);

-- +goose Down
DROP TABLE probes;
DROP TABLE notices;
