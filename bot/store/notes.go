package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// UnknownWord is a word that people asked for and nobody has explained yet.
type UnknownWord struct {
	Word            string
	Times           int64
	FirstAt, LastAt time.Time
}

// What is kept of unknown words, so that nobody can fill the database: so many
// of an installation, of which those asked for least and longest ago make
// room, and so much of each, in characters.
const (
	maxUnknownWords = 1000
	maxUnknownRunes = 200
)

// CountUnknown implements bot.WordCounter.
func (s *Store) CountUnknown(ctx context.Context, in bot.InstallationID, word string, at time.Time) error {
	if r := []rune(word); len(r) > maxUnknownRunes {
		word = string(r[:maxUnknownRunes])
	}
	return s.inTx(ctx, "count unknown word", func(ctx context.Context, t tx) error {
		err := t.CountUnknown(ctx, queries.CountUnknownParams{
			Installation: string(in), Word: storable(word), At: millis(s.orNow(at)),
		})
		if err != nil {
			return err
		}
		return t.DropRarestUnknown(ctx, queries.DropRarestUnknownParams{Installation: string(in), Most: maxUnknownWords})
	})
}

// UnknownWords gives the n words asked for most, over all installations: the
// author of the digests writes for all of them.
func (s *Store) UnknownWords(ctx context.Context, n int) (words []UnknownWord, err error) {
	err = s.do(ctx, "read unknown words", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.UnknownWords(ctx, int32(n))
		for _, row := range rows {
			words = append(words, UnknownWord{Word: row.Word, Times: row.Times, FirstAt: instant(row.FirstAt), LastAt: instant(row.LastAt)})
		}
		return err
	})
	return words, err
}

// KeepSourceCheck implements bot.SourceKeeper.
func (s *Store) KeepSourceCheck(ctx context.Context, c bot.SourceCheck) error {
	return s.do(ctx, "keep check of source", func(ctx context.Context, q *queries.Queries) error {
		return q.PutSourceCheck(ctx, queries.PutSourceCheckParams{
			Source: storable(c.Source), Newest: string(c.Newest),
			CheckedAt: millis(s.orNow(c.CheckedAt)), Error: storable(c.Error),
		})
	})
}

// ForgetSources drops the checks of all sources but these, which are the ones
// that are configured.
func (s *Store) ForgetSources(ctx context.Context, but []string) error {
	return s.inTx(ctx, "forget sources", func(ctx context.Context, t tx) error {
		rows, err := t.SourceChecks(ctx)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if slices.Contains(but, row.Source) {
				continue
			}
			if err := t.DropSourceCheck(ctx, row.Source); err != nil {
				return err
			}
		}
		return nil
	})
}

// SourceChecks gives the last look at each source.
func (s *Store) SourceChecks(ctx context.Context) (checks []bot.SourceCheck, err error) {
	err = s.do(ctx, "read checks of sources", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.SourceChecks(ctx)
		for _, row := range rows {
			checks = append(checks, bot.SourceCheck{
				Source: row.Source, Newest: briefing.Date(row.Newest),
				CheckedAt: instant(row.CheckedAt), Error: row.Error,
			})
		}
		return err
	})
	return checks, err
}

// notePrefix keeps the notes of callers apart from the store's own.
const notePrefix = "note:"

// PutNote remembers value under name across restarts.
func (s *Store) PutNote(ctx context.Context, name, value string) error {
	return s.do(ctx, fmt.Sprintf("put note %s", name), func(ctx context.Context, q *queries.Queries) error {
		return q.PutNote(ctx, queries.PutNoteParams{Name: notePrefix + storable(name), Value: storable(value)})
	})
}

// Note is what was put under name last; ErrNotFound of package briefing when
// nothing was.
func (s *Store) Note(ctx context.Context, name string) (value string, err error) {
	err = s.do(ctx, fmt.Sprintf("read note %s", name), func(ctx context.Context, q *queries.Queries) error {
		value, err = q.Note(ctx, notePrefix+storable(name))
		return err
	})
	return value, err
}
