package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
)

var updateMetrics = flag.Bool("update-metrics", false, "rewrite the table of metrics in docs/monitoring/README.md")

const monitoring = "../../docs/monitoring"

// metric is one of ours, as its descriptor says.
type metric struct{ name, help, labels string }

// kind follows from the name, which promtool holds to the rules.
func (m metric) kind() string {
	switch {
	case strings.HasSuffix(m.name, "_total"):
		return "counter"
	case strings.HasSuffix(m.name, "_seconds") && !strings.HasSuffix(m.name, "_timestamp_seconds"):
		return "histogram"
	}
	return "gauge"
}

// ourMetrics are all metrics of ours, by name.
func ourMetrics(t *testing.T) []metric {
	t.Helper()
	counts := newMeters()
	m := &machine{env: &environment{}, meters: counts}
	ch := make(chan *prometheus.Desc)
	read := newSurveyDescs(m)
	go func() {
		counts.registry.Describe(ch)
		read.Describe(ch)
		close(ch)
	}()
	// Help and labels are all that there is: a field that the library adds
	// must not end up in the help.
	form := regexp.MustCompile(`^Desc\{fqName: "([a-z_0-9]+)", help: "([^"]*)", (?:unit: "[^"]*", )?constLabels: \{[^}]*\}, variableLabels: \{([a-z_,]*)\}\}$`)
	var all []metric
	for d := range ch {
		fields := form.FindStringSubmatch(d.String())
		if fields == nil {
			t.Fatalf("descriptor has another form: %s", d)
		}
		if strings.HasPrefix(fields[1], namespace+"_") {
			all = append(all, metric{fields[1], fields[2], fields[3]})
		}
	}
	slices.SortFunc(all, func(a, b metric) int { return strings.Compare(a.name, b.name) })
	if len(all) < 20 {
		t.Fatalf("only %d metrics", len(all))
	}
	return all
}

// TestMonitoringPage holds the table of metrics to the code.
func TestMonitoringPage(t *testing.T) {
	var table strings.Builder
	table.WriteString("\n| metric | kind | labels | |\n| --- | --- | --- | --- |\n")
	for _, m := range ourMetrics(t) {
		labels := ""
		if m.labels != "" {
			labels = "`" + strings.ReplaceAll(m.labels, ",", "` `") + "`"
		}
		fmt.Fprintf(&table, "| `%s` | %s | %s | %s |\n", m.name, m.kind(), labels, m.help)
	}
	table.WriteString("\n")
	page := filepath.Join(monitoring, "README.md")
	text := readText(t, page)
	begin, end := "-update-metrics -->\n", "<!-- end of metrics -->"
	before, rest, ok1 := strings.Cut(text, begin)
	old, after, ok2 := strings.Cut(rest, end)
	switch {
	case !ok1 || !ok2:
		t.Fatalf("%s has no place for the table", page)
	case old == table.String():
	case *updateMetrics:
		if err := os.WriteFile(page, []byte(before+begin+table.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s tells of other metrics than there are; run this test with -args -update-metrics", page)
	}
}

// TestMonitoringFiles: dashboard and alerts name only metrics that there are,
// the dashboard shows each, and each alert is explained and tested.
func TestMonitoringFiles(t *testing.T) {
	dashboard, alerts := readText(t, monitoring+"/dashboard.json"), readText(t, monitoring+"/alerts.yaml")
	var parsed struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(dashboard), &parsed); err != nil {
		t.Fatalf("dashboard: %v", err)
	}
	var shown strings.Builder
	for _, p := range parsed.Panels {
		if p.Title == "" || len(p.Targets) == 0 {
			t.Errorf("dashboard: panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			shown.WriteString(target.Expr + "\n")
		}
	}
	known := map[string]bool{}
	for _, m := range ourMetrics(t) {
		known[m.name] = true
		if !strings.Contains(shown.String(), m.name) {
			t.Errorf("dashboard: does not show %s", m.name)
		}
	}
	name := regexp.MustCompile(`\b` + namespace + `_[a-z_]+`)
	part := regexp.MustCompile(`_(bucket|sum|count)$`)
	alertTests := readText(t, monitoring+"/alerts_test.yaml")
	for file, text := range map[string]string{"dashboard": shown.String(), "alerts": alerts, "tests of alerts": alertTests} {
		found := name.FindAllString(text, -1)
		if len(found) == 0 {
			t.Errorf("%s: names no metric", file)
		}
		for _, n := range found {
			if !known[n] && !known[part.ReplaceAllString(n, "")] {
				t.Errorf("%s: there is no metric %s", file, n)
			}
		}
	}
	page := readText(t, monitoring+"/README.md")
	for _, alert := range regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(alerts, -1) {
		if !strings.Contains(page, "| `"+alert[1]+"` |") {
			t.Errorf("README: does not explain %s", alert[1])
		}
		if !strings.Contains(alertTests, `alertname="`+alert[1]+`"`) {
			t.Errorf("tests of alerts: in none of them %s fires", alert[1])
		}
		if !strings.Contains(alertTests, "alertname: "+alert[1]+"}") {
			t.Errorf("tests of alerts: in none of them %s is silent", alert[1])
		}
	}
	if rules, books := strings.Count(alerts, "- alert: "), strings.Count(alerts, "runbook: "); rules != books {
		t.Errorf("alerts: %d rules, %d runbooks", rules, books)
	}
}

// promtool runs Prometheus's own tool, which CI has to have.
func promtool(t *testing.T, stdin string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("promtool"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("promtool is missing: install Debian's package prometheus")
		}
		t.Skip("promtool is missing: install Debian's package prometheus")
	}
	c := exec.CommandContext(t.Context(), "promtool", args...)
	c.Stdin = strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func TestAlertRules(t *testing.T) {
	t.Parallel()
	promtool(t, "", "check", "rules", monitoring+"/alerts.yaml")
	promtool(t, "", "test", "rules", monitoring+"/alerts_test.yaml")
}

func readText(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// scrape reads /metrics.
func (w *world) scrape(address string) string {
	w.t.Helper()
	resp, err := http.Get(address + "/metrics")
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.t.Fatalf("/metrics: %s, %v", resp.Status, err)
	}
	return string(body)
}

// awaitMetrics waits until every line stands in /metrics.
func (w *world) awaitMetrics(address string, lines ...string) {
	w.t.Helper()
	for _, line := range lines {
		w.await(line, func() bool { return strings.Contains(w.scrape(address), "\n"+line+"\n") })
	}
}

// TestMetrics: what a morning leaves in /metrics, by promtool's rules.
func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bottest.SQLite(t))
	w.publish("2025-07-03", "架空の事案")
	w.slack.FailNext("chat.postMessage", bottest.SlackFault{Error: "ratelimited", RetryAfter: "1"})
	address := w.address(w.run(morning))
	if err := w.slack.WaitSockets(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	if err := w.discord.AwaitReady(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	w.await("both channels get the briefing", func() bool { return w.allPosted(morning) })
	if _, err := w.slack.Command(t.Context(), bottest.SlackChannelID, bottest.SlackMember, "/term", "試験用語"); err != nil {
		t.Fatal(err)
	}
	if _, err := w.discord.Command(t.Context(), testGuild, testChannel, bottest.DiscordUser{ID: "7"}, "term"); err != nil {
		t.Fatal(err)
	}
	w.awaitMetrics(address,
		`cyberbrief_slots_due_total{platform="slack"} 1`,
		`cyberbrief_slots_settled_total{platform="slack",state="posted"} 1`,
		`cyberbrief_slots_settled_total{platform="discord",state="posted"} 1`,
		`cyberbrief_posting_delay_seconds_count{platform="discord"} 1`,
		`cyberbrief_posting_delay_seconds_bucket{platform="discord",le="30"} 1`,
		`cyberbrief_requests_failed_total{class="limited",platform="slack"} 1`,
		`cyberbrief_connections{platform="slack"} 2`,
		`cyberbrief_connections{platform="discord"} 1`,
		`cyberbrief_sessions_begun_total{platform="slack"} 2`,
		`cyberbrief_sessions_begun_total{platform="discord"} 1`,
		`cyberbrief_commands_total{command="term",outcome="answered",platform="slack"} 1`,
		`cyberbrief_commands_total{command="term",outcome="answered",platform="discord"} 1`,
		`cyberbrief_acknowledgement_seconds_count{platform="slack"} 1`,
		`cyberbrief_acknowledgement_seconds_count{platform="discord"} 1`,
		`cyberbrief_channels{platform="slack",state="active"} 1`,
		`cyberbrief_channels_overdue{platform="slack"} 0`,
		`cyberbrief_slots_last_day{platform="slack",state="posted"} 1`,
		`cyberbrief_slots_doubtful{platform="discord"} 0`,
		`cyberbrief_digests 1`,
		`cyberbrief_digests_rejected 0`,
		`cyberbrief_source_failing{source="`+w.digests+`"} 0`,
		`cyberbrief_queue_jobs{queue="deliver",state="available"} 0`,
		`cyberbrief_database_up 1`,
		`cyberbrief_platform_stopped{platform="slack"} 0`,
	)
	text := w.scrape(address)
	for _, m := range ourMetrics(t) {
		if line := "# TYPE " + m.name + " "; strings.Contains(text, line) && !strings.Contains(text, line+m.kind()+"\n") {
			t.Errorf("%s is no %s", m.name, m.kind())
		}
	}
	for _, unbounded := range []string{bottest.SlackChannelID + `"`, testChannel, "試験用語", bottest.SlackMember + `"`} {
		if strings.Contains(text, unbounded) {
			t.Errorf("a label holds %s", unbounded)
		}
	}
	if out := promtool(t, text, "check", "metrics"); out != "" {
		t.Errorf("promtool check metrics:\n%s", out)
	}
}

// TestMetricsTellOfOverdueBriefings: a platform refuses for hours; the metric
// rises, on the process that tries and on one that has just been started.
func TestMetricsTellOfOverdueBriefings(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.publish("2025-07-03", "架空の事案")
		refusals := slices.Repeat([]bottest.SlackFault{{Error: "service_unavailable"}}, 1000)
		w.slack.FailNext("chat.postMessage", refusals...)
		clock := &steppedClock{begun: time.Now(), now: morning}
		address := w.address(w.runBy(clock.Now))
		w.awaitMetrics(address,
			`cyberbrief_slots_last_day{platform="slack",state="claimed"} 1`,
			`cyberbrief_channels_overdue{platform="slack"} 0`)
		w.await("failures are counted", func() bool {
			return !strings.Contains(w.scrape(address), `cyberbrief_requests_failed_total{class="transient",platform="slack"} 0`)
		})

		clock.step(2 * time.Hour)
		w.awaitMetrics(address, `cyberbrief_channels_overdue{platform="slack"} 1`, `cyberbrief_channels_overdue{platform="discord"} 0`)
		if strings.HasPrefix(url, "postgres") {
			second := w.address(w.runBy(clock.Now))
			w.awaitMetrics(second, `cyberbrief_channels_overdue{platform="slack"} 1`)
		}
	})
}

// steppedClock is a clock that can be set ahead while it runs.
type steppedClock struct {
	begun, now time.Time
	ahead      atomic.Int64
}

func (c *steppedClock) Now() time.Time {
	return c.now.Add(time.Since(c.begun) + time.Duration(c.ahead.Load()))
}

func (c *steppedClock) step(d time.Duration) { c.ahead.Add(int64(d)) }

func TestCodesAreBounded(t *testing.T) {
	m := newMeters()
	for i := range 100 {
		m.Failed(bot.Slack, bot.Unknown, fmt.Sprintf("new_code_%d", i))
	}
	for _, odd := range []string{"", "unknown: dial tcp 10.0.0.1:443", strings.Repeat("a", 100), "Ünknown", `a"b`} {
		m.Failed(bot.Slack, bot.Unknown, odd)
	}
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "cyberbrief_unknown_answers_total" {
			continue
		}
		// The codes, and other on each platform.
		if n := len(f.GetMetric()); n != maxCodes+2 {
			t.Errorf("%d series, want %d", n, maxCodes+2)
		}
	}
}
