-- What was read of the digests, so that a start need not read the files again.

-- +goose Up

-- What the program named reader read of the file that had this revision; any
-- other reads it anew. edition names the bytes of the file, packed is
-- briefing.Pack's with a seal of the row. Nothing is lost with a row.
CREATE TABLE readings (
    date     text   NOT NULL PRIMARY KEY,
    revision bigint NOT NULL,
    reader   text   NOT NULL,
    edition  text   NOT NULL,
    packed   bytea  NOT NULL
);

-- +goose Down
DROP TABLE readings;
