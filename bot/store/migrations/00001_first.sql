-- One schema for SQLite and PostgreSQL: text keys, milliseconds since 1970 in
-- bigint (0 is no time), JSON in text. No column is null: an empty text or 0
-- says that there is nothing.

-- +goose Up

-- What admins chose. ref is bot.Ref.String, installation bot.InstallationID.
CREATE TABLE channels (
    ref           text    NOT NULL PRIMARY KEY,
    installation  text    NOT NULL,
    settings      text    NOT NULL,
    added_at      bigint  NOT NULL,
    open_at_start boolean NOT NULL,
    paused        boolean NOT NULL,
    reason        text    NOT NULL
);

-- The ledger: a channel gets at most one briefing for a local date.
CREATE TABLE slots (
    ref          text   NOT NULL,
    date         text   NOT NULL,
    installation text   NOT NULL,
    state        text   NOT NULL,
    reason       text   NOT NULL,
    digest       text   NOT NULL,
    earlier      text   NOT NULL,
    due_at       bigint NOT NULL,
    closes_at    bigint NOT NULL,
    posted_at    bigint NOT NULL,
    touched_at   bigint NOT NULL,
    fence        bigint NOT NULL,
    attempts     bigint NOT NULL,
    lease_until  bigint NOT NULL,
    PRIMARY KEY (ref, date)
);
CREATE INDEX slots_digest ON slots (digest);

-- The digests that a channel was sent or told of, and in which slot: no digest
-- is posted twice in a channel. A slot that posted nothing gives its rows back.
CREATE TABLE seen (
    ref    text NOT NULL,
    digest text NOT NULL,
    slot   text NOT NULL,
    PRIMARY KEY (ref, digest)
);

-- The messages of a slot; 0 is the parent.
CREATE TABLE parts (
    ref        text    NOT NULL,
    date       text    NOT NULL,
    idx        integer NOT NULL,
    state      text    NOT NULL,
    body       text    NOT NULL,
    message_id text    NOT NULL,
    intent_at  bigint  NOT NULL,
    sent_at    bigint  NOT NULL,
    PRIMARY KEY (ref, date, idx)
);

-- The files themselves. revision is taken from counters: it grows with every
-- change to any digest.
CREATE TABLE digests (
    date         text   NOT NULL PRIMARY KEY,
    name         text   NOT NULL,
    body         bytea  NOT NULL,
    source       text   NOT NULL,
    first_at     bigint NOT NULL,
    revised_at   bigint NOT NULL,
    withdrawn_at bigint NOT NULL,
    revision     bigint NOT NULL
);
CREATE INDEX digests_revision ON digests (revision);

CREATE TABLE rejected (
    file   text   NOT NULL PRIMARY KEY,
    reason text   NOT NULL,
    at     bigint NOT NULL
);

CREATE TABLE audit (
    id              bigint NOT NULL PRIMARY KEY,
    at              bigint NOT NULL,
    installation    text   NOT NULL,
    who             text   NOT NULL,
    what            text   NOT NULL,
    ref             text   NOT NULL,
    settings_before text   NOT NULL,
    settings_after  text   NOT NULL
);
CREATE INDEX audit_installation ON audit (installation, id);

CREATE TABLE unknown_words (
    installation text   NOT NULL,
    word         text   NOT NULL,
    times        bigint NOT NULL,
    first_at     bigint NOT NULL,
    last_at      bigint NOT NULL,
    PRIMARY KEY (installation, word)
);

CREATE TABLE source_checks (
    source     text   NOT NULL PRIMARY KEY,
    newest     text   NOT NULL,
    checked_at bigint NOT NULL,
    error      text   NOT NULL
);

-- What the program has to remember across a restart and has no table for.
CREATE TABLE notes (
    name  text NOT NULL PRIMARY KEY,
    value text NOT NULL
);

-- Numbers that grow. The row is locked by whoever counts until the transaction
-- ends, so that numbers become visible in their order; a sequence's do not.
CREATE TABLE counters (
    name  text   NOT NULL PRIMARY KEY,
    value bigint NOT NULL
);
INSERT INTO counters (name, value) VALUES ('audit', 0), ('digests', 0);

-- +goose Down
DROP TABLE counters;
DROP TABLE notes;
DROP TABLE source_checks;
DROP TABLE unknown_words;
DROP TABLE audit;
DROP TABLE rejected;
DROP TABLE digests;
DROP TABLE parts;
DROP TABLE seen;
DROP TABLE slots;
DROP TABLE channels;
