package main

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var mutations = flag.String("mutations", "short", "protections to switch off: short only looks whether they are there, full tests without each, or the name of one")

// protection is something without which the bot would lose, repeat or leak.
// It is switched off in the source that the compiler sees, nowhere else.
type protection struct {
	name     string
	file     string // below the root
	old, new string // of its source; old is there once
	// tests and pkg are those of which at least one fails without it.
	pkg, tests string
}

// protections each must have a test that fails without them.
var protections = []protection{
	{
		"intent before the request", "bot/store/steps.go",
		"rows[i].State, rows[i].IntentAt = delivery.Sending, millis(s.intent.At)",
		"rows[i].State, rows[i].IntentAt = delivery.Rendered, millis(s.intent.At)",
		"./bot/delivery", "TestCrash$",
	},
	{
		"one row a slot", "bot/store/migrations/00001_first.sql",
		"    lease_until  bigint NOT NULL,\n    PRIMARY KEY (ref, date)\n",
		"    lease_until  bigint NOT NULL\n",
		"./bot/store", "TestOpenSlot|TestCloseSlot",
	},
	{
		"fence", "bot/store/progress.go",
		"		if n == 0 {\n			return delivery.ErrFenced\n		}\n		return f(ctx, t)",
		"		if n < 0 {\n			return delivery.ErrFenced\n		}\n		return f(ctx, t)",
		"./bot/store", "TestFence|TestIntendRacesClaim",
	},
	{
		"fence of steps written together", "bot/store/steps.go",
		"		if !ours[s.row()] {",
		"		if false {",
		"./bot/store", "TestFence|TestIntendRacesClaim",
	},
	{
		"each step alone when a group fails", "bot/store/group.go",
		"	return t.err != nil && t.begun && !t.committing && (",
		"	return t.err != nil && t.begun && t.committing && (",
		"./bot/store", "TestGroupFailsApart",
	},
	{
		"no storm when a group fails", "bot/store/group.go",
		"	if r.made.Add(1) > maxRepeats {",
		"	if false {",
		"./bot/store", "TestGroupFailsInBounds",
	},
	{
		"no step again whose commit was lost", "bot/store/group.go",
		"	return t.err != nil && t.begun && !t.committing && (",
		"	return t.err != nil && t.begun && (",
		"./bot/store", "TestGroupCommitLost", // on PostgreSQL
	},
	{
		"success after the commit", "bot/store/group.go",
		"	t := g.commit(steps, min(g.ledger.s.timeout, groupTimeout))\n",
		"	go g.commit(steps, min(g.ledger.s.timeout, groupTimeout))\n	t := try{}\n",
		"./bot/store", "TestProgress|TestFence",
	},
	{
		"nonce", "bot/discord/post.go",
		"body:   created{m, to.Marker.String(), true},",
		"body:   created{m, to.Marker.String(), false},",
		"./bot/discord", "TestRepeatedSendGivesTheFirst",
	},
	{
		"look before repeating", "bot/delivery/doubt.go",
		"		if id != \"\" {\n			r.Meter.Resolved(r.slot.Ref.Platform, Found)",
		"		if false {\n			r.Meter.Resolved(r.slot.Ref.Platform, Found)",
		"./bot/delivery", "TestCrash$",
	},
	{
		"look after a backup was put back", "bot/delivery/restored.go",
		"	return r.lost() && r.parts[i].State == Rendered && !r.anew\n",
		"	return false\n",
		"./bot/delivery", "TestRestored",
	},
	{
		"allowed mentions", "bot/discord/message.go",
		"func (m allowedMentions) MarshalJSON() ([]byte, error) {",
		"func (m allowedMentions) MarshalJSON() ([]byte, error) {\n	return []byte(`null`), nil\n}\n\nfunc (m allowedMentions) marshal() ([]byte, error) {",
		"./bot/discord", "TestEveryBodyForbidsMentions",
	},
	{
		"escaping for Slack", "bot/slack/text.go",
		"func escape(s string) string { return mrkdwnEscapes.Replace(s) }",
		"func escape(s string) string { return s }",
		"./bot/slack", "FuzzMrkdwnLink|TestRenderGolden",
	},
	{
		"escaping for Discord", "bot/discord/text.go",
		"func escape(s string, line linePlace) markup {",
		"func escape(s string, line linePlace) markup { return markup(s) }\n\nfunc escaped(s string, line linePlace) markup {",
		"./bot/discord", "TestEscape|TestInlineSpans",
	},
	{
		"cap on answers", "bot/transport.go",
		"if b.left -= int64(n); b.left < 0 {",
		"if b.left -= int64(n); false {",
		"./bot", "TestTransport",
	},
	{
		"age of Slack's signatures", "bot/slack/verify.go",
		"err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > signatureWindow",
		"err != nil || seconds < 0",
		"./bot/slack", "TestVerify|TestSigned",
	},
	{
		"age of Discord's signatures", "bot/discord/verify.go",
		"age > maxSkew || age < -maxSkew",
		"age > maxSkew && age < -maxSkew",
		"./bot/discord", "TestForgeries|TestSignedInteractions",
	},
	{
		"end of the catch-up window", "bot/delivery/run.go",
		"return !r.Clock().Before(r.ends)",
		"return false",
		"./bot/delivery", "TestFailures|TestPlan",
	},
	{
		"Retry-After", "bot/delivery/failure.go",
		"	wait := retryAfter(oe.RetryAfter)\n",
		"	wait := min(time.Second, retryAfter(oe.RetryAfter))\n",
		"./bot/delivery", "TestRetryAfter",
	},
	{
		"a panic ends one delivery", "bot/delivery/deliverer.go",
		"if p := recover(); p != nil {",
		"if p := any(nil); p != nil {",
		"./bot/delivery", ".",
	},
	{
		"a panic ends one answer", "bot/slack/command.go",
		"if p := recover(); p != nil {",
		"if p := any(nil); p != nil {",
		"./bot/slack", "TestPanicIsContained",
	},
}

// TestMutations switches each protection off and wants a test to fail.
func TestMutations(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range protections {
		t.Run(p.name, func(t *testing.T) {
			file := filepath.Join(root, filepath.FromSlash(p.file))
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if n := strings.Count(string(source), p.old); n != 1 {
				t.Fatalf("%s has it %d times, want once: has it moved?", p.file, n)
			}
			if *mutations != "full" && *mutations != p.name {
				return
			}
			overlay := overlaid(t, file, strings.Replace(string(source), p.old, p.new, 1))
			cmd := exec.CommandContext(t.Context(), "go", "test", "-overlay", overlay, "-run", p.tests, "-count", "1", p.pkg)
			cmd.Dir = root
			out, err := cmd.CombinedOutput()
			switch failed := failedTests(string(out)); {
			case err == nil:
				t.Errorf("no test of %s in %s fails without it", p.tests, p.pkg)
			case failed == "":
				t.Errorf("go test: %v\n%s", err, out)
			default:
				t.Logf("fails without it: %s", failed)
			}
		})
	}
}

// overlaid tells the go command to read mutated where it would read file.
func overlaid(t *testing.T, file, mutated string) string {
	t.Helper()
	dir := t.TempDir()
	instead := filepath.Join(dir, "mutated"+filepath.Ext(file))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{file: instead}})
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "overlay.json")
	for path, body := range map[string]string{instead: mutated, name: string(overlay)} {
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return name
}

// failedTests are the names of the tests that failed, or of the panic that
// ended them; empty when nothing was compiled.
func failedTests(out string) string {
	var names []string
	for line := range strings.Lines(out) {
		if name, ok := strings.CutPrefix(line, "--- FAIL: "); ok {
			name, _, _ = strings.Cut(name, " ")
			names = append(names, name)
		}
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			names = append(names, strings.TrimSpace(line))
		}
	}
	return strings.Join(names, ", ")
}
