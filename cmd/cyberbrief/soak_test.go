package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/delivery"
	"cyberbrief/bot/schedule"
	"cyberbrief/bot/store"
	"cyberbrief/briefing"
	"cyberbrief/briefing/glossary"
)

var (
	soak         = flag.String("soak", "short", "soak: short, full for a year, or DAYSxCHANNELSxCOMMANDS")
	soakDatabase = flag.String("soak-database", "sqlite", "database of the soak: sqlite or postgres")
	soakProfiles = flag.String("soak-profiles", "", "folder for profiles of the heap")
)

// soakSize is how much a soak does.
type soakSize struct{ days, channels, commands int }

func readSoakSize(s string) (size soakSize, err error) {
	switch s {
	case "short":
		return soakSize{4, 10, 120}, nil
	case "full":
		return soakSize{365, 50, 200_000}, nil
	}
	_, err = fmt.Sscanf(s, "%dx%dx%d", &size.days, &size.channels, &size.commands)
	return size, err
}

// TestSoak runs the bot for days, or a year, of simulated time in this
// process: the real store, router, planner, deliverer, renderers and clients
// of the platforms, which reach the fakes by a wire in memory. Nothing may be
// lost or posted twice, and nothing may grow that does not have to. The queue
// alone is not River's, which looks for jobs every second: a year of that is
// not to be simulated. Its table is real, and this test works on it.
func TestSoak(t *testing.T) {
	size, err := readSoakSize(*soak)
	if err != nil {
		t.Fatalf("-soak=%s: %v", *soak, err)
	}
	if size.days < 4 {
		t.Fatal("-soak: at least four days")
	}
	database := bottest.SQLite
	if *soakDatabase == "postgres" {
		database = bottest.Postgres
	}
	url := database(t)
	synctest.Test(t, func(t *testing.T) {
		s := newSoaked(t, size, url)
		for n := range size.days {
			s.day(n)
		}
		s.judge()
	})
}

// soaked is a bot, its platforms and its people.
type soaked struct {
	*testing.T
	size     soakSize
	url      string
	wire     *bottest.Wire
	slack    *bottest.Slack
	discord  *bottest.Discord
	m        *machine
	db       *sql.DB // beside the store
	channels []bot.Channel
	begin    time.Time

	published []time.Time
	troubles  []trouble
	harvested map[bot.Ref]int // parents seen in a channel
	newest    map[bot.Ref]string
	figures   []figure
	people    people

	jobs    sync.WaitGroup
	mu      sync.Mutex
	running map[string]bool
}

// trouble is why a slot can be missed.
type trouble struct {
	from, to time.Time
	platform bot.Platform // empty for both
	ref      bot.Ref      // zero for all
}

// soakToken opens the pushes.
const soakToken = "token-of-the-soak"

// soakHost is where the bot is on the wire.
const soakHost = "bot.example"

// newSoaked is to be called in a bubble. The days begin at 04:00 in Tokyo, an
// hour without a slot anywhere.
func newSoaked(t *testing.T, size soakSize, url string) *soaked {
	t.Helper()
	s := &soaked{T: t, size: size, url: url, wire: bottest.NewWire(), harvested: map[bot.Ref]int{}, newest: map[bot.Ref]string{}, running: map[string]bool{}}
	s.begin = time.Date(2025, 6, 30, 19, 0, 0, 0, time.UTC)
	time.Sleep(time.Until(s.begin))
	s.slack, s.discord = bottest.NewSlackOn(s.wire), bottest.NewDiscordOn(t, s.wire)
	s.slack.UseHooks(bottest.SlackHooks{
		Commands: "http://" + soakHost + "/slack/commands", Interactions: "http://" + soakHost + "/slack/interactions", Events: "http://" + soakHost + "/slack/events",
	})
	s.discord.SignTo("http://" + soakHost + "/discord/interactions")
	s.open()
	for i := range size.channels {
		s.addChannel(i)
	}
	for i := range soakUsers {
		s.slack.AddUser(bottest.SlackUser{ID: soakUser(i), Name: "user", Team: bottest.SlackTeam})
	}
	return s
}

// open puts the program together and starts what of it needs no socket.
func (s *soaked) open() {
	s.Helper()
	env := map[string]string{
		"SLACK_BOT_TOKEN": bottest.SlackBotToken, "SLACK_SIGNING_SECRET": bottest.SlackSigningSecret, "SLACK_API_URL": s.slack.URL,
		"DISCORD_TOKEN": bottest.DiscordToken, "DISCORD_PUBLIC_KEY": s.discord.PublicKey(), "DISCORD_API_URL": s.discord.URL(),
		"DISCORD_APPLICATION_ID": bottest.DiscordApplicationID,
		"DIGEST_SOURCES":         s.TempDir(), "DIGEST_POLL": "1h", "DATABASE_URL": s.url, "API_TOKEN": soakToken, "PUBLIC_URL": "https://news.example.com",
	}
	e := &environment{
		ctx: s.Context(), lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, clock: time.Now, base: s.wire,
	}
	cfg, err := e.fullConfig()
	if err != nil {
		s.Fatal(err)
	}
	log, counts, ends := newLogger(e, cfg), newMeters(), &teardown{}
	kept, err := store.Open(e.ctx, s.url, store.Options{Logger: log, Meter: counts, Clock: time.Now, Prepare: true})
	if err != nil {
		s.Fatal(err)
	}
	ends.add("database", func(context.Context) error { return kept.Shutdown() })
	s.Cleanup(func() { ends.run(log) })
	if s.m, err = newMachine(e, cfg, log, kept, counts, false); err != nil {
		s.Fatal(err)
	}
	s.wire.Serve(soakHost, s.m.site.Handler())
	for name := range s.m.platforms.all {
		ends.goroutine(e.ctx, string(name), func(ctx context.Context) { s.m.runPlatform(ctx, name) })
	}
	ends.goroutine(e.ctx, "archive", s.m.keepUp)
	ends.add("deliveries", func(context.Context) error { s.m.deliverer.Drain(); return nil })
	driver, source := "pgx", s.url
	if file, ok := strings.CutPrefix(s.url, "sqlite:"); ok {
		driver, source = "sqlite", "file:"+file+"?_busy_timeout=10000&_txlock=immediate"
	}
	if s.db, err = sql.Open(driver, source); err != nil {
		s.Fatal(err)
	}
	s.db.SetMaxOpenConns(1)
	ends.add("the test's database", func(context.Context) error { return s.db.Close() })
}

// soakSettings are channels of all kinds. Every window ends before the day
// of the soak does.
func soakSettings() []bot.Settings {
	weekdays := bot.Weekdays{1, 2, 3, 4, 5}
	return []bot.Settings{
		{Time: 8*60 + 30, Zone: "Asia/Tokyo", CatchUp: 4 * time.Hour, MaxAge: 3},
		{Time: 7 * 60, Zone: "Asia/Tokyo", Days: weekdays, SkipHolidays: true, CatchUp: 4 * time.Hour, MaxAge: 3},
		{Time: 12 * 60, Zone: "Asia/Tokyo", CatchUp: time.Hour, MaxAge: 3},
		{Time: 2*60 + 30, Zone: "America/New_York", CatchUp: 4 * time.Hour, MaxAge: 3},
		{Time: 9 * 60, Zone: "Europe/Berlin", Days: weekdays, CatchUp: 4 * time.Hour, Language: briefing.English},
		{Time: 18 * 60, Zone: "Asia/Kolkata", Days: bot.Weekdays{2, 4}, CatchUp: 4 * time.Hour, MaxAge: 3},
		{Time: 10*60 + 15, Zone: "Australia/Lord_Howe", CatchUp: 30 * time.Minute, MaxAge: 1, WatchWords: []string{"架空"}},
		{Time: 6 * 60, Zone: "Europe/London", CatchUp: 4 * time.Hour, MaxAge: 3, KeyPointsOnly: true},
	}
}

// soakGuilds is how many guilds share the channels of Discord.
const soakGuilds = 4

func (s *soaked) addChannel(i int) {
	s.Helper()
	kinds := soakSettings()
	c := bot.Channel{Settings: kinds[i/2%len(kinds)], AddedAt: time.Now()}
	if c.Language == "" {
		c.Language = briefing.Japanese
	}
	if i%2 == 0 {
		c.Ref = bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: bottest.SlackTeam}, Channel: fmt.Sprintf("C%08d", i)}
		s.slack.AddChannel(bottest.SlackChannel{ID: c.Channel, Name: c.Channel, Member: true})
	} else {
		c.Ref = bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: fmt.Sprintf("90000000000000000%d", i%soakGuilds)}, Channel: fmt.Sprintf("9100000000000000%02d", i)}
		s.discord.AddChannel(c.Tenant, c.Channel)
	}
	entry := bot.AuditEntry{At: c.AddedAt, Installation: c.ID(), Who: bot.ByConfig, What: "add", Ref: c.Ref, After: c.JSON()}
	if err := s.m.store.PutChannel(s.Context(), c, entry); err != nil {
		s.Fatal(err)
	}
	s.channels = append(s.channels, c)
}

// soakMemory is how long the fakes keep messages: longer than they are
// corrected.
const soakMemory = 3 * 24 * time.Hour

// day lets one day pass.
func (s *soaked) day(n int) {
	s.Helper()
	from := s.begin.AddDate(0, 0, n)
	to := from.AddDate(0, 0, 1)
	events := s.events(n, from, to)
	var people sync.WaitGroup
	people.Go(func() { s.act(n, from) })
	for _, e := range events {
		time.Sleep(time.Until(e.at))
		e.do()
	}
	people.Wait()
	s.jobs.Wait()
	s.work() // what the last people asked for
	s.jobs.Wait()
	time.Sleep(time.Until(to))
	s.harvest()
	measured := n == 1 || n == 9 || n%30 == 29 || n == s.size.days-1
	oldest := to.Add(-soakMemory)
	if measured {
		oldest = to // what the fakes keep is no figure of the bot's
	}
	s.slack.Forget(oldest)
	s.discord.Forget(oldest)
	if measured {
		s.measure(n + 1)
	}
}

// event is something that happens at an instant.
type event struct {
	at time.Time
	do func()
}

// events are those of a day, in order.
func (s *soaked) events(n int, from, to time.Time) []event {
	all := append(s.news(n, from), s.mishaps(n, from)...)
	ticks := map[time.Time]bool{}
	for at := from; at.Before(to); at = at.Add(3 * time.Hour) { // closes windows, too
		ticks[at.Add(7*time.Second)] = true
	}
	for _, c := range s.channels {
		for _, slot := range s.slots(c, from, to) {
			ticks[slot.DueAt.Add(7*time.Second)] = true
		}
	}
	for at := range ticks {
		all = append(all, event{at, s.tick})
	}
	slices.SortStableFunc(all, func(a, b event) int { return a.at.Compare(b.at) })
	return all
}

// slots are a channel's that are due in a time, by the calendar.
func (s *soaked) slots(c bot.Channel, from, to time.Time) []schedule.Slot {
	var all []schedule.Slot
	for d := briefing.DateOf(from).AddDays(-1); d <= briefing.DateOf(to).AddDays(1); d = d.AddDays(1) {
		due, err := schedule.At(c.Settings, d)
		if err != nil {
			s.Fatal(err)
		}
		if schedule.Wanted(c.Settings, d) && !due.Before(from) && due.Before(to) && !due.Before(c.AddedAt) {
			all = append(all, schedule.Slot{Date: d, DueAt: due, ClosesAt: due.Add(c.CatchUp)})
		}
	}
	return all
}

// news are the digests that come on a day: mostly before the first slots,
// late on some days, none on a few, and revised now and then.
func (s *soaked) news(n int, from time.Time) []event {
	date := briefing.DateOf(from.Add(9 * time.Hour)).AddDays(-1)
	at := from.Add(90 * time.Minute)
	switch {
	case n%12 == 7:
		return nil
	case n%5 == 3:
		at = from.Add(6 * time.Hour)
	}
	news := []event{{at, func() { s.push(date, soakDigest(date, n, "")) }}}
	if n%9 == 2 {
		news = append(news, event{at.Add(5 * time.Hour), func() { s.push(date, soakDigest(date, n, "訂正された架空の一文です。")) }})
	}
	s.published = append(s.published, at)
	return news
}

// soakDigest is a digest. Its texts come again after ten days, so that what
// the archive grows by is digests and not words.
func soakDigest(date briefing.Date, n int, more string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s サイバーセキュリティニュースまとめ\n\n## 主要ポイント\n\n", date)
	for i := range 3 {
		fmt.Fprintf(&b, "* 架空の事案%d-%dが起きました。\n", n%10, i)
	}
	b.WriteString("\n## 国内ニュース\n")
	for i := range 3 {
		fmt.Fprintf(&b, "\n### 架空の事案%d-%d\n\n架空の組織が対応しています。CVE-2025-%d が使われました。%s\n", n%10, i, 10000+n%10, more)
	}
	b.WriteString("\n## 用語解説\n\n")
	for i := range 3 {
		fmt.Fprintf(&b, "* **試験用語%d%d（TT%d%d: Test Term）**: 試験のために置かれた用語。\n", n%10, i, n%10, i)
	}
	return b.String()
}

// push hands a digest in as an author does, and has it planned.
func (s *soaked) push(date briefing.Date, body string) {
	req, err := http.NewRequestWithContext(s.Context(), http.MethodPost, "http://"+soakHost+"/api/digests?name=cybersecurity_news_"+string(date)+".md", strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+soakToken)
	resp, err := (&http.Client{Transport: s.wire}).Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		s.Errorf("push of %s: %d", date, resp.StatusCode)
	}
	s.work()
}

// asleep says that the machine is suspended: nothing is planned.
func (s *soaked) asleep(at time.Time) bool {
	return slices.ContainsFunc(s.troubles, func(t trouble) bool {
		return t.platform == "" && t.ref == (bot.Ref{}) && !at.Before(t.from) && at.Before(t.to)
	})
}

// tick plans, as the bot does four times a minute, where there can be
// anything to do.
func (s *soaked) tick() {
	if s.asleep(time.Now()) {
		return
	}
	if err := s.m.planner.Plan(s.Context()); err != nil {
		s.Errorf("plan: %v", err)
	}
	if err := s.m.deliverer.Probe(s.Context()); err != nil {
		s.Errorf("probe: %v", err)
	}
	if err := s.tell(); err != nil {
		s.Errorf("tell: %v", err)
	}
	s.work()
}

// tell tells admins of paused channels. What has to wait waits for the next
// tick.
func (s *soaked) tell() error {
	err := s.m.deliverer.Tell(s.Context())
	if _, later := errors.AsType[*delivery.Later](err); later {
		return nil
	}
	return err
}

// work takes the jobs out of the queue and does them, each kind of one slot
// once at a time.
func (s *soaked) work() {
	s.Helper()
	args := "args::text"
	if strings.HasPrefix(s.url, "sqlite:") {
		args = "json(args)"
	}
	rows, err := s.db.QueryContext(s.Context(), "DELETE FROM river_job WHERE state = 'available' RETURNING kind, "+args)
	if err != nil {
		s.Fatal(err)
	}
	defer rows.Close()
	type job struct{ kind, args string }
	var jobs []job
	for rows.Next() {
		var j job
		if err := rows.Scan(&j.kind, &j.args); err != nil {
			s.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	if err := rows.Err(); err != nil {
		s.Fatal(err)
	}
	for _, j := range jobs {
		s.mu.Lock()
		busy := s.running[j.kind+j.args]
		s.running[j.kind+j.args] = true
		s.mu.Unlock()
		if busy {
			continue
		}
		s.jobs.Go(func() {
			if err := s.carryOut(j.kind, j.args); err != nil {
				s.Errorf("%s %s: %v", j.kind, j.args, err)
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.running, j.kind+j.args)
		})
	}
}

// carryOut does one job to its end.
func (s *soaked) carryOut(kind, args string) error {
	var of delivery.DeliverArgs
	if err := json.Unmarshal([]byte(args), &of); err != nil {
		return err
	}
	var do func(context.Context, delivery.SlotKey) error
	switch kind {
	case delivery.PlanArgs{}.Kind():
		if s.asleep(time.Now()) {
			return nil
		}
		defer s.work()
		return s.m.planner.Plan(s.Context())
	case delivery.NoticeArgs{}.Kind():
		return s.tell()
	case delivery.DeliverArgs{}.Kind():
		do = s.m.deliverer.Deliver
	case delivery.ReviseArgs{}.Kind():
		do = s.m.deliverer.Revise
	case delivery.RetractArgs{}.Kind():
		do = s.m.deliverer.Remove
	default:
		return errors.New("no such job")
	}
	key, err := of.Key()
	if err != nil {
		return err
	}
	for {
		err := do(s.Context(), key)
		later, again := errors.AsType[*delivery.Later](err)
		if !again {
			return err
		}
		time.Sleep(max(later.After, time.Second))
	}
}

// markers are those of the messages in a channel, with the id of each; those
// in threads have none.
func (s *soaked) markers(c bot.Channel) (ids, markers []string) {
	if c.Platform == bot.Discord {
		for _, m := range s.discord.Messages(c.Channel) {
			ids, markers = append(ids, m.ID), append(markers, m.Nonce)
			thread, _ := s.discord.Thread(m.ID)
			for _, below := range s.discord.Messages(thread) {
				ids, markers = append(ids, ""), append(markers, below.Nonce)
			}
		}
		return ids, markers
	}
	for _, m := range s.slack.Messages(c.Channel) {
		var meta struct {
			Payload struct {
				Delivery string
				Part     int
			} `json:"event_payload"`
		}
		if json.Unmarshal(m.Metadata, &meta) != nil || meta.Payload.Delivery == "" {
			continue
		}
		if m.Thread != "" {
			m.TS = ""
		}
		ids, markers = append(ids, m.TS), append(markers, bot.Marker{Delivery: meta.Payload.Delivery, Part: meta.Payload.Part}.String())
	}
	return ids, markers
}

// harvest counts what was posted since the last time.
func (s *soaked) harvest() {
	s.Helper()
	for _, c := range s.channels {
		ids, markers := s.markers(c)
		seen := map[string]bool{}
		for i, marker := range markers {
			if marker == "" {
				continue
			}
			if seen[marker] {
				s.Errorf("%s: message %s stands twice", c.Ref, marker)
			}
			seen[marker] = true
			if strings.HasSuffix(marker, "-0") && ids[i] > s.newest[c.Ref] {
				s.harvested[c.Ref]++
				s.newest[c.Ref] = ids[i]
			}
		}
	}
}

// figure is what the process needs at the end of a day.
type figure struct {
	day, goroutines, files, series, posted int
	heap, archive, database                int64
}

// measure takes the figures in the quiet hour. What the archive itself needs
// is what the heap grows by when it is read a second time.
func (s *soaked) measure(day int) {
	s.Helper()
	synctest.Wait() // what wakes at this very instant is not counted
	f := figure{day: day, goroutines: goroutinesInBubbles(), files: openFiles(), series: s.series(), heap: heapInUse()}
	second := glossary.New()
	library := newLibrary(s.m.env, s.m.store, second, s.m.sources, slog.New(slog.DiscardHandler), func(briefing.Date) {})
	if err := library.Refresh(s.Context()); err != nil {
		s.Fatal(err)
	}
	library.SearchPage("題", 0, 1) // as people have done: a search folds the texts
	f.archive = heapInUse() - f.heap
	runtime.KeepAlive(library)
	runtime.KeepAlive(second)
	for _, n := range s.harvested {
		f.posted += n
	}
	f.database = s.databaseSize()
	s.figures = append(s.figures, f)
	s.profile(day)
	s.Logf("day %d: %d briefings posted, %d commands; %d goroutines, %d files, %d series; heap %.2f MB, of it archive %.2f MB; database %.2f MB",
		f.day, f.posted, s.people.given.Load(), f.goroutines, f.files, f.series, mega(f.heap), mega(f.archive), mega(f.database))
}

// profile writes down what the heap is made of, for whoever looks for a leak.
func (s *soaked) profile(day int) {
	s.Helper()
	if *soakProfiles == "" {
		return
	}
	out, err := os.Create(filepath.Join(*soakProfiles, fmt.Sprint("heap", day)))
	if err != nil {
		s.Fatal(err)
	}
	if err := errors.Join(pprof.WriteHeapProfile(out), out.Close()); err != nil {
		s.Fatal(err)
	}
}

func mega(n int64) float64 { return float64(n) / (1 << 20) }

func heapInUse() int64 {
	var m runtime.MemStats
	for range 3 { // pools are emptied in two steps
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// goroutinesInBubbles leaves out those that tests before this one have left
// behind and that end when they like, such as idle connections.
func goroutinesInBubbles() int {
	for buf := make([]byte, 1<<20); ; buf = make([]byte, 2*len(buf)) {
		if n := runtime.Stack(buf, true); n < len(buf) {
			return bytes.Count(buf[:n], []byte(", synctest bubble "))
		}
	}
}

// openFiles is 0 where nobody tells.
func openFiles() int {
	entries, _ := os.ReadDir("/proc/self/fd")
	return len(entries)
}

// get reads a page over the wire.
func (s *soaked) get(path string) []byte {
	resp, err := (&http.Client{Transport: s.wire}).Get("http://" + soakHost + path)
	if err != nil {
		s.Errorf("%s: %v", path, err)
		return nil
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		s.Errorf("%s: %d, %v", path, resp.StatusCode, err)
	}
	return body
}

// series is how many numbers /metrics shows.
func (s *soaked) series() int {
	n := 0
	for line := range bytes.Lines(s.get("/metrics")) {
		if !bytes.HasPrefix(line, []byte("#")) {
			n++
		}
	}
	return n
}

func (s *soaked) databaseSize() (size int64) {
	s.Helper()
	query := "SELECT pg_database_size(current_database())"
	if strings.HasPrefix(s.url, "sqlite:") {
		query = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	}
	if err := s.db.QueryRowContext(s.Context(), query).Scan(&size); err != nil {
		s.Fatal(err)
	}
	return size
}

// How far figures may go apart.
const (
	moreGoroutines = 5
	moreFiles      = 2
	moreHeap       = 0.05
	heapFrom       = 10 // the day of which the heap counts
)

// judge holds the run to the promise and the figures to their bounds.
func (s *soaked) judge() {
	s.Helper()
	end := time.Now()
	due, states := 0, map[string]int{}
	for _, c := range s.channels {
		rows, err := s.m.store.Ledger().Slots(s.Context(), c.Ref, 1000)
		if err != nil {
			s.Fatal(err)
		}
		byDate, posted := map[briefing.Date]delivery.Slot{}, 0
		for _, row := range rows {
			byDate[row.Date] = row
			if row.State == delivery.Posted {
				posted++
			}
		}
		slots := s.slots(c, s.begin, end)
		due += len(slots)
		for _, slot := range slots {
			states[s.outcome(c, slot, byDate[slot.Date])]++
		}
		if len(byDate) != len(slots) {
			s.Errorf("%s: %d slots have an outcome, %d were due", c.Ref, len(byDate), len(slots))
		}
		if posted != s.harvested[c.Ref] {
			s.Errorf("%s: the ledger says %d were posted, the channel showed %d", c.Ref, posted, s.harvested[c.Ref])
		}
	}
	s.Logf("%d slots due: %v", due, states)
	s.Logf("commands: %s", &s.people)
	if n := s.people.failed.Load(); n > 0 {
		s.Errorf("%d commands were not acknowledged or not answered, and the platform was not out", n)
	}
	s.judgeGrowth()
}

// outcome is what became of a slot, which its row must be able to explain.
func (s *soaked) outcome(c bot.Channel, slot schedule.Slot, row delivery.Slot) string {
	s.Helper()
	switch row.State {
	case delivery.Posted:
		return "posted"
	case delivery.NoDigest:
		if slices.ContainsFunc(s.published, func(at time.Time) bool {
			return at.After(slot.DueAt.Add(-14*time.Hour)) && at.Before(slot.ClosesAt.Add(-time.Minute))
		}) && !s.troubled(c, slot) {
			s.Errorf("%s: slot %s says no_digest, and there was one", c.Ref, slot.Date)
		}
		return "no_digest"
	case delivery.Missed:
		if !s.troubled(c, slot) {
			s.Errorf("%s: slot %s says missed (%s), and nothing stood in its way", c.Ref, slot.Date, row.Reason)
		}
		if strings.HasPrefix(row.Reason, "paused") {
			return "paused"
		}
		return "missed"
	}
	s.Errorf("%s: slot %s ended as %q %q", c.Ref, slot.Date, row.State, row.Reason)
	return "unsettled"
}

func (s *soaked) troubled(c bot.Channel, slot schedule.Slot) bool {
	return slices.ContainsFunc(s.troubles, func(t trouble) bool {
		concerns := t.ref == c.Ref || t.ref == (bot.Ref{}) && (t.platform == "" || t.platform == c.Platform)
		return concerns && t.from.Before(slot.ClosesAt) && t.to.After(slot.DueAt)
	})
}

// judgeGrowth compares the last figures with the first.
func (s *soaked) judgeGrowth() {
	s.Helper()
	first, last := s.figures[0], s.figures[len(s.figures)-1]
	if last.goroutines > first.goroutines+moreGoroutines || last.goroutines < first.goroutines-moreGoroutines {
		s.Errorf("%d goroutines on day %d, %d on day %d", first.goroutines, first.day, last.goroutines, last.day)
	}
	if last.files > first.files+moreFiles {
		s.Errorf("%d open files on day %d, %d on day %d", first.files, first.day, last.files, last.day)
	}
	i := slices.IndexFunc(s.figures, func(f figure) bool { return f.day >= heapFrom })
	if i < 0 || i == len(s.figures)-1 {
		return // too short to tell a leak from a cache that fills
	}
	early := s.figures[i]
	before, after := early.heap-early.archive, last.heap-last.archive
	s.Logf("heap without the archive: %.2f MB on day %d, %.2f MB on day %d (%+.1f %%)", mega(before), early.day, mega(after), last.day, 100*(float64(after)/float64(before)-1))
	s.Logf("database: %.0f bytes for each briefing posted", float64(last.database-early.database)/float64(last.posted-early.posted))
	if float64(after) > float64(before)*(1+moreHeap) {
		s.Errorf("the heap has grown by more than %.0f %%", 100*moreHeap)
	}
}
