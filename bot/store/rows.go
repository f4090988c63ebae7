package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/store/queries"
	"cyberbrief/briefing"
)

// millis is t as it is stored; the zero time is 0.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// instant is the reverse of millis, in UTC.
func instant(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// storable is s without what PostgreSQL refuses in a text: NUL and bytes that
// are not UTF-8. File names and error texts can hold both.
func storable(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}

func channelOf(row queries.Channel) (bot.Channel, error) {
	c := bot.Channel{
		AddedAt: instant(row.AddedAt), OpenAtStart: row.OpenAtStart,
		Paused: row.Paused, Reason: row.Reason,
	}
	var err error
	if c.Ref, err = bot.ParseRef(row.Ref); err != nil {
		return bot.Channel{}, err
	}
	if err := json.Unmarshal([]byte(row.Settings), &c.Settings); err != nil {
		return bot.Channel{}, fmt.Errorf("settings of %s: %w", row.Ref, err)
	}
	return c, nil
}

func digestOf(row queries.Digest) bot.DigestFile {
	return bot.DigestFile{
		Date: briefing.Date(row.Date), Name: row.Name, Body: row.Body, Source: row.Source,
		FirstAt: instant(row.FirstAt), RevisedAt: instant(row.RevisedAt), WithdrawnAt: instant(row.WithdrawnAt),
	}
}

// keptOf tells a reading from a file by its edition.
func keptOf(row queries.DigestsSinceRow) bot.KeptDigest {
	k := bot.KeptDigest{Revision: row.Revision, Edition: row.Edition, DigestFile: digestOf(queries.Digest{
		Date: row.Date, Name: row.Name, Source: row.Source,
		FirstAt: row.FirstAt, RevisedAt: row.RevisedAt, WithdrawnAt: row.WithdrawnAt,
	})}
	if k.Edition == "" {
		k.Body = row.Body
	} else {
		k.Reading = row.Body
	}
	return k
}

func slotOf(row queries.Slot) (delivery.Slot, error) {
	s := delivery.Slot{
		SlotKey:  delivery.SlotKey{Date: briefing.Date(row.Date)},
		State:    delivery.SlotState(row.State),
		Reason:   row.Reason,
		Digest:   briefing.Date(row.Digest),
		DueAt:    instant(row.DueAt),
		ClosesAt: instant(row.ClosesAt),
		PostedAt: instant(row.PostedAt),
		Fence:    row.Fence,
		Attempts: int(row.Attempts),
		Edition:  row.Edition,
		Correction: delivery.Correction{
			Edition: row.NextEdition, State: delivery.CorrectionState(row.NextState), Reason: row.NextReason,
			Times: int(row.Corrections), On: briefing.Date(row.CorrectedOn),
		},
		RetractAt:   instant(row.RetractAt),
		RetractedAt: instant(row.RetractedAt),
	}
	var err error
	if s.Ref, err = bot.ParseRef(row.Ref); err != nil {
		return delivery.Slot{}, err
	}
	if err := json.Unmarshal([]byte(row.Earlier), &s.Earlier); err != nil {
		return delivery.Slot{}, fmt.Errorf("earlier digests of slot %s: %w", s.SlotKey.Date, err)
	}
	return s, nil
}

func slotsOf(rows []queries.Slot) ([]delivery.Slot, error) {
	slots := make([]delivery.Slot, len(rows))
	for i, row := range rows {
		var err error
		if slots[i], err = slotOf(row); err != nil {
			return nil, err
		}
	}
	return slots, nil
}

func partsOf(rows []queries.Part) []delivery.Part {
	parts := make([]delivery.Part, len(rows))
	for i, row := range rows {
		parts[i] = partOf(row)
	}
	return parts
}

func partOf(row queries.Part) delivery.Part {
	return delivery.Part{
		Index: int(row.Idx), State: delivery.PartState(row.State), Body: bot.Message(row.Body),
		ID: bot.MessageID(row.MessageID), IntentAt: instant(row.IntentAt), Note: row.Note,
	}
}
