package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// The counters that are kept.
const (
	auditCounter  = "audit"
	digestCounter = "digests"
)

// Channels implements bot.ChannelKeeper, in order of their refs.
func (s *Store) Channels(ctx context.Context) (channels []bot.Channel, err error) {
	err = s.do(ctx, "read channels", func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.Channels(ctx)
		if err != nil {
			return err
		}
		channels = make([]bot.Channel, len(rows))
		for i, row := range rows {
			if channels[i], err = channelOf(row); err != nil {
				return err
			}
		}
		return nil
	})
	return channels, err
}

// Channel implements bot.ChannelKeeper.
func (s *Store) Channel(ctx context.Context, ref bot.Ref) (c bot.Channel, err error) {
	err = s.do(ctx, fmt.Sprintf("read channel %s", ref), func(ctx context.Context, q *queries.Queries) error {
		row, err := q.Channel(ctx, ref.String())
		if err != nil {
			return err
		}
		c, err = channelOf(row)
		return err
	})
	return c, err
}

// PutChannel implements bot.ChannelKeeper. A zero AddedAt is now.
func (s *Store) PutChannel(ctx context.Context, c bot.Channel, e bot.AuditEntry) error {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return fmt.Errorf("put channel %s: %w", c.Ref, err)
	}
	return s.inTx(ctx, fmt.Sprintf("put channel %s", c.Ref), func(ctx context.Context, t tx) error {
		err := t.PutChannel(ctx, queries.PutChannelParams{
			Ref:          c.Ref.String(),
			Installation: string(c.Ref.ID()),
			Settings:     string(settings),
			AddedAt:      millis(s.orNow(c.AddedAt)),
			OpenAtStart:  c.OpenAtStart,
			Paused:       c.Paused,
			Reason:       storable(c.Reason),
		})
		if err != nil {
			return err
		}
		return s.addAudit(ctx, t, c.Ref, e)
	})
}

// RemoveChannel implements bot.ChannelKeeper.
func (s *Store) RemoveChannel(ctx context.Context, ref bot.Ref, e bot.AuditEntry) error {
	return s.inTx(ctx, fmt.Sprintf("remove channel %s", ref), func(ctx context.Context, t tx) error {
		n, err := t.RemoveChannel(ctx, ref.String())
		if err != nil {
			return err
		}
		if n == 0 {
			return briefing.ErrNotFound
		}
		return s.addAudit(ctx, t, ref, e)
	})
}

// AddAudit records a change that is not one of a channel's settings.
func (s *Store) AddAudit(ctx context.Context, e bot.AuditEntry) error {
	return s.inTx(ctx, "record "+e.What, func(ctx context.Context, t tx) error {
		return s.addAudit(ctx, t, e.Ref, e)
	})
}

// addAudit records a change of ref in the transaction that makes it. What the
// entry leaves out follows from ref and the clock.
func (s *Store) addAudit(ctx context.Context, t tx, ref bot.Ref, e bot.AuditEntry) error {
	id, err := t.Count(ctx, queries.CountParams{Step: 1, Name: auditCounter})
	if err != nil {
		return err
	}
	if e.Installation == "" {
		e.Installation = ref.ID()
	}
	return t.AddAudit(ctx, queries.AddAuditParams{
		ID:             id,
		At:             millis(s.orNow(e.At)),
		Installation:   string(e.Installation),
		Who:            storable(e.Who),
		What:           storable(e.What),
		Ref:            ref.String(),
		SettingsBefore: storable(e.Before),
		SettingsAfter:  storable(e.After),
	})
}

// Audit gives the newest n changes of an installation, newest first.
func (s *Store) Audit(ctx context.Context, in bot.InstallationID, n int) (entries []bot.AuditEntry, err error) {
	err = s.do(ctx, fmt.Sprintf("read changes of %s", in), func(ctx context.Context, q *queries.Queries) error {
		rows, err := q.Audit(ctx, queries.AuditParams{Installation: string(in), N: int32(n)})
		if err != nil {
			return err
		}
		entries, err = auditOf(rows)
		return err
	})
	return entries, err
}

// AuditOf gives the newest n changes of a channel, of all channels for the
// zero Ref, newest first.
func (s *Store) AuditOf(ctx context.Context, ref bot.Ref, n int) (entries []bot.AuditEntry, err error) {
	err = s.do(ctx, fmt.Sprintf("read changes of %s", ref), func(ctx context.Context, q *queries.Queries) error {
		var rows []queries.Audit
		if ref == (bot.Ref{}) {
			rows, err = q.AuditOfAll(ctx, int32(n))
		} else {
			rows, err = q.AuditOfChannel(ctx, queries.AuditOfChannelParams{Ref: ref.String(), N: int32(n)})
		}
		if err != nil {
			return err
		}
		entries, err = auditOf(rows)
		return err
	})
	return entries, err
}

func auditOf(rows []queries.Audit) (entries []bot.AuditEntry, err error) {
	for _, row := range rows {
		ref, err := bot.ParseRef(row.Ref)
		if err != nil {
			return nil, err
		}
		entries = append(entries, bot.AuditEntry{
			At: instant(row.At), Installation: bot.InstallationID(row.Installation), Who: row.Who, What: row.What,
			Ref: ref, Before: row.SettingsBefore, After: row.SettingsAfter,
		})
	}
	return entries, nil
}

// orNow is t, or the clock's instant where t is zero.
func (s *Store) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return s.clock()
	}
	return t
}
