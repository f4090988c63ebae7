package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
	"cyberbrief/briefing/briefingtest"
)

var matrix = flag.String("matrix", "short", "crash matrix: short, or full for every cell with three seeds")

// stops are the points at which a delivery of n messages can be killed. At
// "half" of a request the platform has heard half of it, at "heard" all of it
// without having taken it, at "taken" it has posted the message and not
// answered yet. The first intent stores what was rendered; when the last
// message is confirmed, the slot is settled too.
func stops(n int) []stop {
	all := []stop{{"opened", 0}, {"claimed", 0}}
	for i := range n {
		for _, step := range []string{"before intent", "intent", "before request", "half", "heard", "taken", "before confirmed", "confirmed"} {
			all = append(all, stop{step, i})
		}
	}
	return all
}

// The ways in which the platform treats the request of the part at which the
// process is killed, or the first one of its successor.
var moods = []string{"answers", "is silent", "resets"}

// cell is one run of the matrix.
type cell struct {
	job      job // the zero value is a delivery
	platform bot.Platform
	database string // engine
	parts    int
	stop     stop
	mood     string
	seed     int
}

func (c cell) String() string {
	return fmt.Sprintf("%s/%s/%s%d parts/%s/%s/%d", c.database, c.platform, c.job, c.parts, c.stop, c.mood, c.seed)
}

// taken says whether a request that goes wrong is carried out all the same.
func (c cell) taken() bool { return c.mood == "is silent" || c.seed%2 == 0 }

// cells are all of them, or in a short matrix one for every stop and
// part that goes through the others in turn.
func cells(databases []string) []cell {
	var all []cell
	for _, n := range []int{1, 3} {
		for i, s := range stops(n) {
			for j, p := range []bot.Platform{bot.Slack, bot.Discord} {
				if *matrix != "full" {
					k := i + j
					if (i+j)%2 == 0 && n == 3 {
						continue // the other platform has this one
					}
					c := cell{platform: p, database: databases[(k+n)%len(databases)], parts: n, stop: s, mood: moods[(k/2+n)%len(moods)], seed: k % 3}
					if c.waits() && i > 0 {
						c.mood = moods[0]
					}
					all = append(all, c)
					continue
				}
				for _, db := range databases {
					for _, mood := range moods {
						for seed := range 3 {
							all = append(all, cell{platform: p, database: db, parts: n, stop: s, mood: mood, seed: seed})
						}
					}
				}
			}
		}
	}
	return all
}

// waits says that a doubt follows the crash which takes half a minute to
// settle: a short matrix has none of those but where the crash came before any
// claim.
func (c cell) waits() bool {
	return c.mood != "answers" && (c.platform == bot.Discord || !c.taken())
}

// tally is what came of all cells.
type tally struct {
	runs, kills, lost, twice, disordered, unsettled atomic.Int64
	mu                                              sync.Mutex
	took                                            []time.Duration
}

func (x *tally) settledAfter(d time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.took = append(x.took, d)
}

// racedCells is of how many cells one is run under the race detector, under
// which a process takes several times as long and finds the same in each.
const racedCells = 5

// victims is how many cells run at the same time: they mostly wait.
func victims() int {
	if *matrix == "full" {
		return 40
	}
	return 8
}

// TestCrashMatrix kills real processes with kill -9 at every step of a
// delivery and lets others go on: at once, after ten minutes, or two at a
// time. Nothing is lost, nothing is posted twice, everything is in order, and
// the slot is settled 90 s after the kill at the latest.
func TestCrashMatrix(t *testing.T) { runMatrix(t, cells) }

// basesToKillOn are databases for processes that are killed, with their tables:
// SQLite, and PostgreSQL where there is one, as there has to be in CI. It takes
// minutes to kill them all, which -short does without.
func basesToKillOn(t *testing.T) map[string]string {
	t.Helper()
	if testing.Short() {
		t.Skip("kills processes for some time")
	}
	bases := map[string]string{"sqlite": bottest.SQLite(t)}
	if os.Getenv(bottest.PostgresVariable) != "" || os.Getenv("CI") == "true" {
		bases["postgres"] = bottest.Postgres(t)
	}
	for _, url := range bases { // the migrations, once
		openStore(t, url)
	}
	return bases
}

// runMatrix runs the cells that there are on so many databases.
func runMatrix(t *testing.T, cells func(databases []string) []cell) {
	t.Helper()
	t.Parallel()
	bases := basesToKillOn(t)
	databases := slices.Sorted(maps.Keys(bases))
	var x tally
	var wg sync.WaitGroup
	turns := make(chan struct{}, victims())
	for i, c := range cells(databases) {
		if briefingtest.Racing && i%racedCells != 0 {
			continue
		}
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			t.Run(c.String(), func(t *testing.T) { x.run(t, c, bases[c.database]) })
		})
	}
	wg.Wait()
	slices.Sort(x.took)
	if n := len(x.took); n > 0 {
		t.Logf("%s matrix on %s: %d runs, %d killed at the stop; lost %d, twice %d, out of order %d, not settled %d; settled after the restart: median %v, worst %v",
			*matrix, strings.Join(databases, " and "), x.runs.Load(), x.kills.Load(), x.lost.Load(), x.twice.Load(), x.disordered.Load(), x.unsettled.Load(),
			x.took[n/2].Round(time.Millisecond), x.took[n-1].Round(time.Millisecond))
	}
	if x.runs.Load() == 0 || x.kills.Load() != x.runs.Load() {
		t.Errorf("%d runs, %d kills", x.runs.Load(), x.kills.Load())
	}
}

func openStore(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(); err != nil {
		t.Fatal(err)
	}
	return s
}

// scene is one cell under way.
type scene struct {
	*testing.T
	cell
	slack   *bottest.Slack
	discord *bottest.Discord
	mission mission
	// heard is how many requests of the stop's kind came before the job,
	// parents the messages on Discord that it began with.
	heard   int
	parents []string
}

// channels numbers the channels, since all cells on PostgreSQL share one database.
var channels atomic.Int64

func newScene(t *testing.T, c cell, base string) *scene {
	t.Helper()
	s := &scene{T: t, cell: c}
	s.mission = mission{Platform: c.platform, Database: base, Parts: c.parts, Stop: c.stop}
	if c.mood == "is silent" {
		s.mission.Patience = silencePatience
	}
	id := fmt.Sprint(800000000000000000 + channels.Add(1))
	s.mission.Ref = bot.Ref{Installation: bot.Installation{Platform: c.platform, Tenant: bottest.SlackTeam}, Channel: id}
	switch c.platform {
	case bot.Slack:
		s.slack = bottest.NewSlack(t)
		s.slack.AddChannel(bottest.SlackChannel{ID: id, Name: "news", Member: true})
		s.mission.API = s.slack.URL
	default:
		s.discord = bottest.NewDiscord(t)
		s.discord.AddChannel(testGuild, id)
		s.mission.Ref.Tenant = testGuild
		s.mission.API = s.discord.URL()
	}
	if file, ok := strings.CutPrefix(base, "sqlite:"); ok {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "cyberbrief.db")
		if err := os.WriteFile(copied, body, 0o600); err != nil {
			t.Fatal(err)
		}
		s.mission.Database = "sqlite:" + copied
	}
	s.subscribe()
	s.prepare()
	s.orderFaults()
	return s
}

// subscribe adds the channel; its slot has been due for ten minutes.
func (s *scene) subscribe() {
	s.Helper()
	st, err := store.Open(s.Context(), s.mission.Database, store.Options{})
	if err != nil {
		s.Fatal(err)
	}
	due := time.Now().UTC().Add(-10 * time.Minute)
	c := bot.Channel{
		Ref:      s.mission.Ref,
		Settings: bot.Settings{Time: bot.Clock(due.Hour()*60 + due.Minute()), Zone: "Etc/UTC", CatchUp: 4 * time.Hour},
		AddedAt:  time.Now().Add(-time.Hour),
	}
	err = st.PutChannel(s.Context(), c, bot.AuditEntry{At: c.AddedAt, Installation: c.ID(), Who: "test", What: "add", Ref: c.Ref})
	if err := errors.Join(err, st.Shutdown()); err != nil {
		s.Fatal(err)
	}
}

// orderFaults lets the requests before that of the stop pass, and then comes
// what the stop and the platform's mood want.
func (s *scene) orderFaults() {
	before, does := s.job.before(s.stop)
	slackFaults, discordFaults := make([]bottest.SlackFault, before), make([]bottest.DiscordFault, before)
	for i := range slackFaults {
		slackFaults[i].Plain = true
	}
	add := func(taken, silent, reset bool) {
		slackFaults = append(slackFaults, bottest.SlackFault{Accept: taken, Silence: silent, Reset: reset})
		discordFaults = append(discordFaults, bottest.DiscordFault{Accepted: taken, Silent: silent, Reset: reset})
	}
	switch {
	case strings.HasSuffix(s.stop.Step, "heard"):
		add(false, true, false)
	case strings.HasSuffix(s.stop.Step, "taken"):
		add(true, true, false)
	}
	if s.mood != "answers" {
		add(s.taken(), s.mood == "is silent", s.mood == "resets")
	}
	if s.slack != nil {
		s.slack.FailNext(slackMethods[does], slackFaults...)
		return
	}
	for _, f := range discordFaults {
		s.discord.FailNext(discordRoutes[does], f)
	}
}

// requests is how many of one kind the platform has heard.
func (s *scene) requests(does string) int {
	if s.slack != nil {
		return len(s.slack.Calls(slackMethods[does]))
	}
	return len(s.discord.Requests(discordRoutes[does]))
}

func (s *scene) seen() []bottest.Seen {
	if s.slack != nil {
		return s.slack.Seen(s.mission.Ref.Channel)
	}
	return s.discord.Seen(s.mission.Ref.Channel)
}

// start runs a victim and tells what it prints, line by line.
func (s *scene) start(m mission) (*exec.Cmd, <-chan string) {
	s.Helper()
	order, err := json.Marshal(m)
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.Command(victimCommand, string(order))
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	lines := make(chan string, 16)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			lines <- scan.Text()
		}
	}()
	return cmd, lines
}

// await waits for the process to reach its stop; other is what it said instead.
func (s *scene) await(ctx context.Context, lines <-chan string) (other string) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case line := <-lines:
			if line == reached {
				return ""
			}
			return "it ended: " + line
		case <-tick.C:
			if s.stopped() {
				return ""
			}
		case <-ctx.Done():
			return "it is stuck"
		}
	}
}

// settledWithin is the promise: how long after a crash, the end of the dead
// process's claim included, a slot is settled.
const settledWithin = 90 * time.Second

// claimEnds is what is left of the dead process's claim when it is killed.
const claimEnds = 21 * time.Second

// run kills one process and lets others settle what it left.
func (x *tally) run(t *testing.T, c cell, base string) {
	x.runs.Add(1)
	s := newScene(t, c, base)
	ctx, cancel := context.WithTimeout(t.Context(), lifetime)
	defer cancel()
	first, lines := s.start(s.mission)
	other := s.await(ctx, lines)
	if err := first.Process.Kill(); err != nil {
		t.Error(err)
	}
	_ = first.Wait() // it was killed
	if other != "" {
		t.Errorf("stop not reached: %s", other)
		return
	}
	x.kills.Add(1)
	m := s.mission
	m.Stop, m.Ahead = stop{}, claimEnds
	heirs := 1
	switch c.seed {
	case 1:
		m.Ahead = 10 * time.Minute
	case 2:
		heirs = 2
	}
	begun := time.Now()
	x.heirs(ctx, s, m, heirs)
	took := time.Since(begun)
	x.settledAfter(took)
	if took+claimEnds > settledWithin {
		t.Errorf("settled after %v and the end of the claim", took)
		x.unsettled.Add(1)
	}
	x.judge(s)
}

// heirs lets so many processes go on at the same time.
func (x *tally) heirs(ctx context.Context, s *scene, m mission, n int) {
	var wg sync.WaitGroup
	for range n {
		cmd, lines := s.start(m)
		defer context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })()
		wg.Go(func() {
			last := "nothing"
			for line := range lines {
				last = line
			}
			if err := cmd.Wait(); err != nil || last != settled+s.job.outcome() {
				s.Errorf("the next process: %v, it said %q", err, last)
				x.unsettled.Add(1)
			}
		})
	}
	wg.Wait()
}

// judge compares what people see with what they should.
func (x *tally) judge(s *scene) {
	var got []string
	times := map[string]int{}
	for i, m := range s.seen() {
		text := strings.TrimSpace(m.Text)
		got = append(got, text)
		times[text]++
		if m.Thread != (i > 0) {
			x.disordered.Add(1)
			s.Errorf("message %d in a thread: %v", i, m.Thread)
		}
	}
	if left := s.left(); len(left) > 0 {
		s.Errorf("the thread still has %q", left)
	}
	want := s.job.want(s.parts)
	for _, text := range want {
		switch n := times[text]; {
		case n == 0:
			x.lost.Add(1)
		case n > 1:
			x.twice.Add(int64(n - 1))
		}
	}
	if !slices.Equal(got, want) {
		if len(got) == len(want) {
			x.disordered.Add(1)
		}
		s.Errorf("the channel shows %q, want %q", got, want)
	}
}
