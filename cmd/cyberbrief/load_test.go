package main

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// load is how long commands come in; the short run is there to notice what
// breaks, the figures of docs/performance.md come from -load 10m.
var load = flag.Duration("load", 3*time.Second, "how long commands are given at once")

const (
	// loadEvery is the time between two commands.
	loadEvery = time.Second / 50
	// redelivered is which of the commands Slack or Discord delivers twice.
	redelivered = 20
	// loadTenants keep commands below what one workspace may ask for.
	loadTenants = 100
	// refreshEvery is the time between two renewals of connections.
	refreshEvery = 29 * time.Second
	// stallFor is how long the database is locked, in a long run.
	stallFor = 10 * time.Second
	// answerWithin is how long an answer may take behind a stalled database.
	answerWithin = time.Minute
)

// asked is what became of one command.
type asked struct {
	after   time.Duration // until it was acknowledged
	counted bool          // the answer says that the word was noted
	unheard bool          // the platform had nobody to deliver it to
	err     error
}

// crowd is a platform full of people.
type crowd struct {
	ask     func(ctx context.Context, i, times int) asked
	refresh func(ctx context.Context) error
}

// TestAcknowledgesUnderLoad runs the program as a process of its own and gives
// it 50 commands a second, some delivered twice, while its connections are
// renewed and its database is locked for a while. Every command must be
// acknowledged within the platform's three seconds and answered, and have its
// effect once: all ask for words that are counted.
func TestAcknowledgesUnderLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds for each platform")
	}
	for name, open := range map[string]func(*world) crowd{"slack": slackCrowd, "discord": discordCrowd} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, bottest.SQLite(t))
			w.env["LISTEN"], w.env["LOG_LEVEL"] = unusedAddress(t), "error"
			w.env["CHANNELS"] = ""
			w.publish("2025-07-03", "架空の事案")
			w.start()
			c := open(w)
			first := w.memory()
			all := w.press(c)
			w.judge(all)
			t.Logf("memory: %s, at the end %s", first, w.memory())
		})
	}
}

// start runs the program as a process of its own until the test ends.
func (w *world) start() {
	w.t.Helper()
	cmd := exec.Command("cyberbrief", "run")
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = os.Environ()
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	if err := cmd.Start(); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil || w.t.Failed() {
			w.t.Errorf("the program ended: %v\n%s", err, out)
		}
	})
	ctx, cancel := context.WithTimeout(w.t.Context(), patience)
	defer cancel()
	if err := w.slack.WaitSockets(ctx, 2); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
	if err := w.discord.AwaitReady(ctx, 1); err != nil {
		w.t.Fatalf("%v\n%s", err, out)
	}
}

func slackCrowd(w *world) crowd {
	return crowd{
		ask: func(ctx context.Context, i, times int) asked {
			team, user := fmt.Sprint("T", i%loadTenants), fmt.Sprint("U", i%(5*loadTenants))
			answer, err := w.slack.CommandFrom(ctx, team, bottest.SlackChannelID, user, "/term", loadWord(i), times)
			a := asked{err: err, counted: strings.Contains(answer.Message.PlainText(), "記録しました")}
			for _, ack := range answer.Acks {
				a.after = max(a.after, ack.Took)
			}
			return a
		},
		refresh: func(context.Context) error { w.slack.Refresh(); return nil },
	}
}

// discordCrowd asks nothing while there is no session: Discord has nowhere to
// deliver to then, and says so to whoever asks.
func discordCrowd(w *world) crowd {
	var session sync.RWMutex
	return crowd{
		ask: func(ctx context.Context, i, times int) asked {
			if !session.TryRLock() {
				return asked{unheard: true}
			}
			defer session.RUnlock()
			guild := strconv.Itoa(910000000000000000 + i%loadTenants)
			answer, err := w.discord.Interact(ctx, bottest.DiscordInteraction{
				Guild: guild, Channel: testChannel, User: bottest.DiscordUser{ID: strconv.Itoa(1000 + i%(5*loadTenants))},
				Command: "term", Options: []bottest.DiscordOption{{Name: "word", Value: loadWord(i)}}, Twice: times > 1,
			})
			a := asked{after: answer.AckAfter, err: err}
			for _, m := range answer.Messages() {
				a.counted = a.counted || strings.Contains(m.Text(), "記録しました")
			}
			return a
		},
		refresh: func(ctx context.Context) error {
			session.Lock()
			defer session.Unlock()
			n := w.discord.Sessions()
			w.discord.SendOp(bottest.GatewayReconnect, nil)
			return w.discord.AwaitReady(ctx, n+1)
		},
	}
}

// loadWord is one of some words that no digest explains.
func loadWord(i int) string { return fmt.Sprint("未知の語", i%40) }

// press gives commands for as long as load says, and waits for the answers.
func (w *world) press(c crowd) []asked {
	ctx, cancel := context.WithTimeout(w.t.Context(), *load+answerWithin)
	defer cancel()
	var group sync.WaitGroup
	var mu sync.Mutex
	var all []asked
	tick := time.NewTicker(loadEvery)
	defer tick.Stop()
	began := time.Now()
	refreshed, stalled := began, false
	for i := 0; time.Since(began) < *load; i++ {
		<-tick.C
		times := 1
		if i%redelivered == 0 {
			times = 2
		}
		group.Go(func() {
			a := c.ask(ctx, i, times)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, a)
		})
		if !stalled && time.Since(began) > *load/2 {
			stalled = true
			group.Go(func() { w.stall(min(stallFor, *load/3)) })
		}
		if time.Since(refreshed) > min(refreshEvery, *load*2/3) {
			refreshed = time.Now()
			group.Go(func() {
				if err := c.refresh(ctx); err != nil {
					w.t.Errorf("connection is not renewed: %v", err)
				}
			})
		}
	}
	group.Wait()
	return all
}

// stall locks the database for writing.
func (w *world) stall(d time.Duration) {
	db, err := sql.Open("sqlite", strings.TrimPrefix(w.env["DATABASE_URL"], "sqlite:")+"?_txlock=immediate&_pragma=busy_timeout(10000)")
	if err != nil {
		w.t.Error(err)
		return
	}
	defer db.Close()
	tx, err := db.BeginTx(w.t.Context(), nil)
	if err != nil {
		w.t.Errorf("lock the database: %v", err)
		return
	}
	time.Sleep(d) // this is the stall, not a wait for something
	if err := tx.Rollback(); err != nil {
		w.t.Error(err)
	}
}

// judge reads what became of the commands.
func (w *world) judge(all []asked) {
	w.t.Helper()
	var took []time.Duration
	counted, unheard := 0, 0
	for _, a := range all {
		if a.unheard {
			unheard++
			continue
		}
		if a.err != nil {
			w.t.Errorf("not acknowledged or not answered: %v", a.err)
			continue
		}
		took = append(took, a.after)
		if a.counted {
			counted++
		}
	}
	if len(took) == 0 {
		w.t.Fatal("nothing was acknowledged")
	}
	slices.Sort(took)
	at := func(share float64) time.Duration { return took[min(len(took)-1, int(share*float64(len(took))))] }
	w.t.Logf("%d commands acknowledged, %d of them counted, %d not asked between two sessions: p50 %s, p99 %s, p99.9 %s, max %s",
		len(took), counted, unheard, at(0.5), at(0.99), at(0.999), took[len(took)-1])
	if got := w.timesCounted(); got != counted {
		w.t.Errorf("words were counted %d times, and %d answers say so", got, counted)
	}
}

// timesCounted adds up what the database has of words.
func (w *world) timesCounted() int {
	s, err := store.Open(w.t.Context(), w.env["DATABASE_URL"], store.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Shutdown()
	words, err := s.UnknownWords(w.t.Context(), math.MaxInt32)
	if err != nil {
		w.t.Fatal(err)
	}
	total := 0
	for _, word := range words {
		total += int(word.Times)
	}
	return total
}

// memory is what the program needs, as it says itself.
func (w *world) memory() string {
	resp, err := http.Get("http://" + w.env["LISTEN"] + "/metrics")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err.Error()
	}
	metric := func(name string) float64 {
		for line := range strings.Lines(string(body)) {
			if value, ok := strings.CutPrefix(line, name+" "); ok {
				n, _ := strconv.ParseFloat(strings.TrimSpace(value), 64)
				return n
			}
		}
		return math.NaN()
	}
	return fmt.Sprintf("resident %.1f MB, %.0f goroutines", metric("process_resident_memory_bytes")/1e6, metric("go_goroutines"))
}
