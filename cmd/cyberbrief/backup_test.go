package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// TestRestore copies the database while the bot runs and has just posted, and
// starts another bot on the copy in a new place: nothing is posted twice, and
// nothing is lost.
func TestRestore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		database func(testing.TB) string
		copy     func(t *testing.T, w *world) (restored string)
	}{
		"sqlite":   {bottest.SQLite, restoreSQLite},
		"postgres": {bottest.Postgres, restorePostgres},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.database(t))
			w.publish("2025-07-03", "昨日の架空の事案")
			old := w.run(morning)
			w.await("both channels have their briefing", func() bool {
				return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 && w.allPosted(morning)
			})
			restored := c.copy(t, w)
			before := w.status(morning)
			if err := old.stop(); err != nil {
				t.Fatal(err)
			}

			w.env["DATABASE_URL"] = restored
			w.digests = t.TempDir() // the digests are in the copy
			w.env["DIGEST_SOURCES"] = w.digests
			after := w.status(morning)
			if len(after.Channels) != 2 || !slices.EqualFunc(before.Channels, after.Channels, sameHistory) {
				t.Errorf("status after the restoration: %+v, before %+v", after.Channels, before.Channels)
			}
			first := w.run(morning.Add(time.Minute))
			address := w.address(first)
			if page := get(t, address+"/briefings/2025-07-03"); !strings.Contains(page, "昨日の架空の事案") {
				t.Errorf("the archive lost its digest: %.200s", page)
			}
			if err := first.stop(); err != nil {
				t.Fatal(err)
			}
			w.publish("2025-07-04", "今日の架空の事案")
			tomorrow := morning.Add(24 * time.Hour)
			w.run(tomorrow)
			w.await("the next briefing", func() bool { return w.allPosted(tomorrow) && len(parents(w.inSlack())) > 1 })
			for _, seen := range [][]bottest.Seen{parents(w.inSlack()), parents(w.inDiscord())} {
				if len(seen) != 2 || !strings.Contains(seen[0].Text, "昨日の") || !strings.Contains(seen[1].Text, "今日の") {
					t.Errorf("posts: %+v, want one of each day", seen)
				}
			}
		})
	}
}

// restoreSQLite makes a copy with `backup`, beside the running bot.
func restoreSQLite(t *testing.T, w *world) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "copy.db")
	var out bytes.Buffer
	if err := (backupCommand{File: file}).Run(w.environment(t.Context(), morning, &out)); err != nil || !strings.HasPrefix(out.String(), file+": ") {
		t.Fatalf("backup: %v, %s", err, out.String())
	}
	return "sqlite:" + file
}

// restorePostgres makes a copy with the commands of docs/operating.md.
func restorePostgres(t *testing.T, w *world) string {
	t.Helper()
	file, restored := filepath.Join(t.TempDir(), "copy.dump"), bottest.Postgres(t)
	var out bytes.Buffer
	err := (backupCommand{File: file}).Run(w.environment(t.Context(), morning, &out))
	if err == nil || !strings.Contains(err.Error(), "pg_dump --format=custom --file="+file) {
		t.Fatalf("backup does not say what to do: %v", err)
	}
	for _, command := range [][]string{
		{"pg_dump", "--format=custom", "--file=" + file, w.env["DATABASE_URL"]},
		{"pg_restore", "--no-owner", "--exit-on-error", "--dbname=" + restored, file},
	} {
		if out, err := exec.CommandContext(t.Context(), postgresTool(command[0]), command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command[0], err, out)
		}
	}
	return restored
}

// postgresTool finds a tool that comes with the server, which Debian does not
// put where programs are looked for: an older one of the same name may be.
func postgresTool(name string) string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if len(found) == 0 {
		return name
	}
	return slices.Max(found)
}

// TestRestoredNeedsADatabase: a wrong path is said, and nothing is made there.
func TestRestoredNeedsADatabase(t *testing.T) {
	file := filepath.Join(t.TempDir(), "typo.db")
	w := &world{t: t, env: map[string]string{"DATABASE_URL": "sqlite:" + file}}
	err := (restoredCommand{}).Run(w.environment(t.Context(), morning, io.Discard))
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "DATABASE_URL") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a database was made")
	}
}

// copyBeforeThePost copies the database of a bot that waits for the digest of
// the day, has it posted to both channels, and ends the bot.
func (w *world) copyBeforeThePost(copied func() string, headline string) (url string) {
	w.t.Helper()
	old := w.run(morning)
	w.await("the slots wait", func() bool {
		channels := w.status(morning).Channels
		return len(channels) == 2 && channels[0].Slot.State == "waiting" && channels[1].Slot.State == "waiting"
	})
	url = copied()
	w.publish("2025-07-03", headline)
	w.await("both channels have their briefing", func() bool {
		return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 && w.allPosted(morning)
	})
	if err := old.stop(); err != nil {
		w.t.Fatal(err)
	}
	return url
}

// TestRestoreOfAnOlderCopy puts a copy back that was made before today's
// briefing was posted: the bot finds it in the channels, and posts it no more.
func TestRestoreOfAnOlderCopy(t *testing.T) {
	t.Parallel()
	eachCopy(t, func(t *testing.T, w *world, copied func() string) {
		restored := w.copyBeforeThePost(copied, "昨日の架空の事案")
		before := len(w.inSlack()) + len(w.inDiscord())

		w.env["DATABASE_URL"] = restored
		later := morning.Add(5 * time.Minute)
		first := w.run(later)
		w.await("the posts are found", func() bool { return w.allPosted(later) })
		w.await("the bot is ready", func() bool { return strings.Contains(first.out.String(), "msg=ready") })
		if err := first.stop(); err != nil {
			t.Fatal(err)
		}
		if after := len(w.inSlack()) + len(w.inDiscord()); after != before {
			t.Errorf("%d messages after the restoration, %d before: %+v %+v", after, before, w.inSlack(), w.inDiscord())
		}
		w.publish("2025-07-04", "今日の架空の事案")
		tomorrow := morning.Add(24 * time.Hour)
		w.run(tomorrow)
		w.await("the next briefing", func() bool {
			return w.allPosted(tomorrow) && len(parents(w.inSlack())) == 2 && len(parents(w.inDiscord())) == 2
		})
	})
}

// eachCopy runs f on each engine; copied makes a copy of the world's database
// that knows that it is one.
func eachCopy(t *testing.T, f func(t *testing.T, w *world, copied func() string)) {
	t.Helper()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		f(t, w, func() string {
			if strings.HasPrefix(url, "sqlite:") {
				return restoreSQLite(t, w)
			}
			restored := restorePostgres(t, w)
			marked := &world{t: t, env: map[string]string{"DATABASE_URL": restored}}
			if err := (restoredCommand{}).Run(marked.environment(t.Context(), morning, io.Discard)); err != nil {
				t.Fatal(err)
			}
			return restored
		})
	})
}

// sums are how many messages both channels show.
func (w *world) sums() int { return len(w.inSlack()) + len(w.inDiscord()) }

// TestRestoreThenCorrect puts a copy back that was made before a correction was
// shown which needed more messages: those are found, and not posted again.
func TestRestoreThenCorrect(t *testing.T) {
	t.Parallel()
	eachCopy(t, func(t *testing.T, w *world, copied func() string) {
		w.publish("2025-07-03", "架空の事案")
		old := w.run(morning)
		w.await("both channels have their briefing", func() bool {
			return len(parents(w.inSlack())) == 1 && len(parents(w.inDiscord())) == 1 && w.allPosted(morning)
		})
		restored, before := copied(), w.sums()
		w.publishText("2025-07-03", digestText("2025-07-03", "訂正された事案")+
			"\n## 深掘り\n\n"+strings.Repeat("この事案の経緯を、さらに詳しく説明します。\n\n", 250)+"## 結論\n\n結びの言葉です。\n")
		corrected := func() bool {
			for _, seen := range [][]bottest.Seen{w.inSlack(), w.inDiscord()} {
				if !strings.Contains(seen[0].Text, "訂正された事案") || !strings.Contains(seen[len(seen)-1].Text, "結びの言葉") {
					return false
				}
			}
			return true
		}
		w.await("both posts show the correction", corrected)
		if err := old.stop(); err != nil {
			t.Fatal(err)
		}
		after := w.sums()
		if after < before+4 {
			t.Fatalf("%d messages after the correction, %d before: it is too short", after, before)
		}

		w.env["DATABASE_URL"] = restored
		edited := func() int { return len(w.slack.Calls("chat.update")) + len(w.discord.Requests(discordRoutes[edits])) }
		earlier := edited()
		again := w.run(morning.Add(5 * time.Minute))
		w.await("the correction is made again, as far as the copy knows", func() bool {
			return edited() >= earlier+before && w.uncorrected(restored) == 0
		})
		if err := again.stop(); err != nil {
			t.Fatal(err)
		}
		if got := w.sums(); got != after || !corrected() {
			t.Errorf("%d messages after the restoration, %d before: %+v %+v", got, after, w.inSlack(), w.inDiscord())
		}
	})
}

// uncorrected is how many posts of the digest do not show its newest edition
// yet, as a database knows it.
func (w *world) uncorrected(url string) (n int) {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), url, store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	slots, err := s.Ledger().SlotsWith(w.t.Context(), "2025-07-03")
	if err := errors.Join(err, s.Shutdown()); err != nil {
		w.t.Fatal(err)
	}
	editions := map[string]bool{}
	for _, slot := range slots {
		editions[slot.Edition] = true
		if slot.Correction.State != "" {
			n++
		}
	}
	return n + len(editions) - 1
}

// TestRestoreThenPost puts a copy back that was made before today's briefing
// was posted, and posts by hand: what the old bot posted is found.
func TestRestoreThenPost(t *testing.T) {
	t.Parallel()
	eachCopy(t, func(t *testing.T, w *world, copied func() string) {
		restored := w.copyBeforeThePost(copied, "架空の事案")
		before := w.sums()
		w.env["DATABASE_URL"] = restored
		var out bytes.Buffer
		later := morning.Add(3 * time.Hour)
		if err := (postCommand{}).Run(w.environment(t.Context(), later, &out)); err != nil {
			t.Fatalf("post: %v\n%s", err, out.String())
		}
		if after := w.sums(); after != before || !w.allPosted(later) {
			t.Errorf("%d messages after the restoration, %d before: %+v %+v", after, before, w.inSlack(), w.inDiscord())
		}
	})
}

// get is what an address answers.
func get(t *testing.T, address string) string {
	t.Helper()
	response, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// sameHistory compares what two states of a channel say of its posts.
func sameHistory(a, b bot.ChannelStatus) bool {
	return a.Ref == b.Ref && a.State == b.State && a.Slot == b.Slot &&
		a.LastPost != nil && b.LastPost != nil && a.LastPost.Digest == b.LastPost.Digest && a.LastPost.At.Equal(b.LastPost.At)
}
