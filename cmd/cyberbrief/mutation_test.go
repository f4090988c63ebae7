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
		"	t := g.commit(steps, min(g.ledger.s.timeout, g.patience))\n",
		"	go g.commit(steps, min(g.ledger.s.timeout, g.patience))\n	t := try{}\n",
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
		"notice with the pause", "bot/store/care.go",
		"		return addNotice(ctx, t, ref, reason, at)\n",
		"		return nil\n",
		"./bot/store", "TestNotice$",
	},
	{
		"notice queued with the pause", "bot/store/notices.go",
		"	return t.enqueue(ctx, delivery.NoticeArgs{Paused: true})\n",
		"	return nil\n",
		"./bot/store", "TestNoticeIsQueued",
	},
	{
		"notice's intent before the message", "bot/store/queries/queries.sql.go",
		"UPDATE notices SET state = 'sending', told_at",
		"UPDATE notices SET state = 'due', told_at",
		"./bot/delivery", "TestNoticeCrash",
	},
	{
		"one process a notice", "bot/store/queries/queries.sql.go",
		"WHERE notices.ref = $2 AND notices.fence = $3 AND notices.state = 'due' AND EXISTS (",
		"WHERE notices.ref = $2 AND notices.fence >= $3 AND EXISTS (",
		"./bot/delivery", "TestNoticeRacing",
	},
	{
		"fence of notices", "bot/store/queries/queries.sql.go",
		"WHERE ref = $4 AND fence = $5\n`\n\ntype SettleNoticeParams",
		"WHERE ref = $4 AND fence >= $5\n`\n\ntype SettleNoticeParams",
		"./bot/store", "TestNotice$",
	},
	{
		"one notice a week", "bot/store/queries/queries.sql.go",
		"WHERE notices.told_at <= $5\n",
		"WHERE notices.told_at <= $5 OR TRUE\n",
		"./bot/store", "TestNoticeOnce",
	},
	{
		"notice in doubt not repeated", "bot/delivery/tell.go",
		"		return 0, d.doubtful(ctx, l.notices, codeOf(err), err)\n",
		"		return 0, d.again(ctx, l.notices, codeOf(err), wait, err)\n",
		"./bot/delivery", "TestNoticeOutcomes",
	},
	{
		"notice certainly untold repeated", "bot/delivery/tell.go",
		"	case bot.Transient:\n		return 0, d.again(ctx, l.notices, codeOf(err), wait, err)\n",
		"	case bot.Transient:\n		return 0, d.giveUp(ctx, l.notices, codeOf(err), err)\n",
		"./bot/delivery", "TestNoticeOutcomes",
	},
	{
		"notice of a dead process ended", "bot/delivery/tell.go",
		"		case age > tellDoubt || age < -tellDoubt:\n",
		"		case age > tellDoubt && age < -tellDoubt:\n",
		"./bot/delivery", "TestNoticeCrash",
	},
	{
		"no notice from before a backup was put back", "bot/store/restore.go",
		"		if err := t.DoubtNotices(ctx, millis(now)); err != nil {",
		"		if err := ctx.Err(); err != nil {",
		"./bot/store", "TestNoticeOfARestoredDatabase",
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
	told, err := os.ReadFile(filepath.Join(root, "docs", "reliability.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range protections {
		if n := strings.Count(string(told), "\n| "+p.name+" | "); n != 1 {
			t.Errorf("docs/reliability.md has %q in its table %d times, want once", p.name, n)
		}
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
