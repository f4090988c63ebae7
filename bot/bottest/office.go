package bottest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/glossary"
	"cyberbrief/briefing/sample"
)

// Office is a router over the built-in samples, with everything that it works
// with in memory: enough for people to read, look up and set things. Its
// clock stands still. It is safe for concurrent use.
type Office struct {
	*bot.Router

	mu       sync.Mutex
	channels []bot.Channel
	log      []bot.AuditEntry // newest first
	digests  []bot.DigestFile
}

// OfficeTime is what the clock of an Office says.
var OfficeTime = time.Date(2025, 7, 4, 9, 0, 0, 0, time.FixedZone("JST", 9*60*60))

// NewOffice makes an office whose channels these are, with the settings that
// a new one gets.
func NewOffice(t testing.TB, refs ...bot.Ref) *Office {
	t.Helper()
	o := &Office{}
	settings := bot.Settings{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3, Language: briefing.Japanese}
	for _, ref := range refs {
		o.channels = append(o.channels, bot.Channel{Ref: ref, Settings: settings, AddedAt: OfficeTime.AddDate(0, -1, 0)})
	}
	terms := glossary.New()
	clock := func() time.Time { return OfficeTime }
	library := bot.NewLibrary(bot.LibraryOptions{
		Read: digest.Read, Keeper: o, Terms: terms, Clock: clock, Logger: slog.New(slog.DiscardHandler), Changed: func(briefing.Date) {},
	})
	for _, f := range sample.Files() {
		if _, err := library.Take(t.Context(), f.Name, f.Body, "samples"); err != nil {
			t.Fatal(err)
		}
	}
	o.Router = bot.NewRouter(bot.RouterOptions{
		Glossary: terms, Library: library, Channels: o, Words: o, Reporter: o, Retractor: o, Tester: o, Auditor: o,
		Defaults: settings, PublicURL: "https://news.example.com", Clock: clock, Logger: slog.New(slog.DiscardHandler),
	})
	return o
}

// Put replaces a channel.
func (o *Office) Put(c bot.Channel) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.channels = append(slices.DeleteFunc(o.channels, func(x bot.Channel) bool { return x.Ref == c.Ref }), c)
}

// OfficeAdmin is a person who may do everything, OfficeMember one who may not.
var (
	OfficeAdmin  = bot.User{ID: SlackAdmin, Name: "管理 花子", Admin: func(context.Context) (bool, error) { return true, nil }}
	OfficeMember = bot.User{ID: SlackMember, Name: "一般 太郎", Admin: func(context.Context) (bool, error) { return false, nil }}
)

// Channels implements bot.ChannelKeeper.
func (o *Office) Channels(context.Context) ([]bot.Channel, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.channels), nil
}

// Channel implements bot.ChannelKeeper.
func (o *Office) Channel(_ context.Context, ref bot.Ref) (bot.Channel, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.channels {
		if c.Ref == ref {
			return c, nil
		}
	}
	return bot.Channel{}, fmt.Errorf("channel %s: %w", ref, briefing.ErrNotFound)
}

// PutChannel implements bot.ChannelKeeper.
func (o *Office) PutChannel(_ context.Context, c bot.Channel, e bot.AuditEntry) error {
	o.Put(c)
	o.note(e)
	return nil
}

// RemoveChannel implements bot.ChannelKeeper.
func (o *Office) RemoveChannel(_ context.Context, ref bot.Ref, e bot.AuditEntry) error {
	o.note(e)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.channels = slices.DeleteFunc(o.channels, func(x bot.Channel) bool { return x.Ref == ref })
	return nil
}

func (o *Office) note(e bot.AuditEntry) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.log = slices.Insert(o.log, 0, e)
}

// Audit implements bot.Auditor.
func (o *Office) Audit(_ context.Context, in bot.InstallationID, n int) ([]bot.AuditEntry, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	mine := slices.DeleteFunc(slices.Clone(o.log), func(e bot.AuditEntry) bool { return e.Installation != in })
	return mine[:min(n, len(mine))], nil
}

// Status implements bot.Reporter: every channel had its briefing this
// morning.
func (o *Office) Status(ctx context.Context, in bot.InstallationID) ([]bot.ChannelStatus, error) {
	all, err := o.Channels(ctx)
	var status []bot.ChannelStatus
	for _, c := range all {
		if c.ID() != in {
			continue
		}
		s := bot.ChannelStatus{Ref: c.Ref, State: "active", NextSlot: OfficeTime.Add(23*time.Hour + 30*time.Minute),
			LastPost: &bot.LastPost{Slot: "2025-07-04", Digest: "2025-07-03", At: OfficeTime.Add(-30 * time.Minute)},
			Slot:     bot.SlotStatus{Date: "2025-07-04", State: "posted"}}
		if c.Paused {
			s.State, s.Reason, s.NextSlot = "paused", c.Reason, time.Time{}
		}
		status = append(status, s)
	}
	return status, err
}

// KeepDigest implements bot.DigestKeeper.
func (o *Office) KeepDigest(_ context.Context, f bot.DigestFile) (bot.Edition, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.digests = append(o.digests, f)
	return bot.First, nil
}

// DigestsSince implements bot.ReadingKeeper.
func (o *Office) DigestsSince(_ context.Context, rev int64, _ string) (files []bot.KeptDigest, newest int64, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.digests[rev:] {
		files = append(files, bot.KeptDigest{DigestFile: f})
	}
	return files, int64(len(o.digests)), nil
}

// RejectDigest implements bot.DigestKeeper.
func (o *Office) RejectDigest(context.Context, bot.Rejected) error { return nil }

// RejectedFiles implements bot.DigestKeeper.
func (o *Office) RejectedFiles(context.Context) ([]string, error) { return nil, nil }

// KeepReadings implements bot.ReadingKeeper: the office never starts anew.
func (o *Office) KeepReadings(context.Context, string, []bot.Reading) error { return nil }

// CountUnknown implements bot.WordCounter.
func (o *Office) CountUnknown(context.Context, bot.InstallationID, string, time.Time) error {
	return nil
}

// Retract implements bot.Retractor: there is nothing to take back.
func (o *Office) Retract(context.Context, bot.InstallationID, briefing.Date, string) ([]bot.Ref, error) {
	return nil, nil
}

// Test implements bot.Tester.
func (o *Office) Test(context.Context, bot.Ref, briefing.Language) error { return nil }
