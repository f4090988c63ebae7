package bottest

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// Platform is what every platform has in common.
type Platform interface {
	Run(context.Context, bot.Responder) error
	Render(bot.Post) ([]bot.Message, error)
	Send(context.Context, bot.Target, bot.Message) (bot.MessageID, error)
	Find(ctx context.Context, to bot.Target, since time.Time) (bot.MessageID, error)
	Edit(ctx context.Context, to bot.Target, id bot.MessageID, m bot.Message) error
	Delete(ctx context.Context, to bot.Target, id bot.MessageID) error
}

// Seen is a message as people see it.
type Seen struct {
	// Text is all text of the message, blocks parted by line breaks.
	Text string
	// Thread is true for a message below another one.
	Thread bool
	// Private is true for an answer that only the asker sees.
	Private bool
	// Pings are the mentions in it that would notify somebody.
	Pings []string
}

// Subject is a platform under test together with the place where people see
// what it does.
type Subject struct {
	Platform Platform
	// Ref is a channel that the bot can post to.
	Ref bot.Ref
	// Absent is a channel that does not exist.
	Absent bot.Ref
	// Seen lists the messages in the channel of Ref, in order, each parent
	// followed by its thread.
	Seen func() []Seen
	// Command gives a command as a person would and waits for its answer. Its
	// error says that the platform was not acknowledged in time.
	Command func(ctx context.Context, name, text string) (Seen, error)
	// Open gives a command, presses the button of its answer that is labelled
	// so, and waits for the form that it opens, or the message instead.
	Open func(ctx context.Context, name, text, label string) (SeenForm, error)
	// Submit fills a form in, by labels, sends it and waits for what follows:
	// the same form with what is wrong, or a message.
	Submit func(ctx context.Context, f SeenForm, answers map[string]string) (SeenForm, error)
	// Redeliver gives the same command twice under one id and waits until both
	// deliveries are acknowledged.
	Redeliver func(ctx context.Context, name, text string) error
}

// SeenForm is a form as people see it, or the message that came instead.
type SeenForm struct {
	Title  string
	Fields []SeenField
	// Message is what is read where there is no form.
	Message Seen
	// Handle is the subject's own.
	Handle any
}

// SeenField is a field of a form. A label may be followed by what can be
// typed into the field.
type SeenField struct{ Label, Value, Problem string }

// Value is what stands in the field with a label.
func (f SeenForm) Value(label string) string { return f.field(label).Value }

func (f SeenForm) field(label string) SeenField {
	for _, x := range f.Fields {
		if strings.HasPrefix(x.Label, label) {
			return x
		}
	}
	return SeenField{Value: "no such field"}
}

// problem is what is said to be wrong with a field: at the field, or in the
// message.
func (f SeenForm) problem(label string) string {
	if p := f.field(label).Problem; p != "" {
		return p
	}
	return f.Message.Text
}

// conformanceTimeout is long enough for a slow machine: it ends a test that
// hangs, and no test waits for it.
const conformanceTimeout = time.Minute

// TestPlatform checks what every platform promises. Start makes a fresh
// subject whose Run has not been called.
func TestPlatform(t *testing.T, start func(t *testing.T) Subject) {
	for _, c := range []struct {
		name  string
		check func(*testing.T, Subject)
	}{
		{"a post is seen in order, its thread below", postsInOrder},
		{"a message is found again by its marker", findsByMarker},
		{"an edited message changes, a deleted one goes", editsAndDeletes},
		{"outside text pings nobody", pingsNobody},
		{"a long post loses nothing", losesNothing},
		{"rendering is pure", rendersPurely},
		{"a channel that is not there is classed so", classesAbsentChannel},
		{"an answer is private", answersPrivately},
		{"a shared answer is public", sharesPublicly},
		{"a slow answer is acknowledged at once", acknowledgesFirst},
		{"a redelivered command is answered once", answersOnce},
		{"a form shows what stands in it", opensForm},
		{"what is filled in arrives by its names", takesAnswers},
		{"all that is wrong with a form is said at once", saysWhatIsWrong},
		{"a form that may not be opened is refused privately", refusesForm},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, start(t)) })
	}
}

// samplePost has every kind of block.
func samplePost() bot.Post {
	return bot.Post{
		Parent: bot.Document{
			bot.Title{Text: "朝のまとめ", URL: "https://example.com/briefings/2025-07-02"},
			bot.Note{Spans: []bot.Span{{Text: "ニュース 2 件"}}},
			bot.Point{Number: 1, Spans: []bot.Span{{Text: "要点の一つ目。"}, {Text: "CVE-2025-0001", URL: "https://nvd.nist.gov/vuln/detail/CVE-2025-0001"}}, Note: []bot.Span{{Text: "要点の出典"}}},
			bot.Buttons{{Label: "用語", Action: bot.Action{Command: "term", Argument: "用語"}}},
			bot.Menu{Placeholder: "選ぶ", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: "甲", Value: "甲"}, {Label: "乙", Value: "乙"}}},
		},
		Thread: bot.Document{
			bot.Heading{Level: 1, Text: "国内"},
			bot.Heading{Level: 2, Text: "1. 見出し"},
			bot.Prose{Spans: []bot.Span{{Text: "本文です。"}, {Text: "強調", Strong: true}, {Text: "と"}, {Text: "code()", Code: true}}},
			bot.QuoteText{Spans: []bot.Span{{Text: "引用です。"}}},
			bot.CodeText{Text: "line 1\nline 2"},
			bot.Divider{},
			bot.Note{Spans: []bot.Span{{Text: "出典: "}, {Text: "題名", URL: "https://example.com/a?b=c&d=e"}}},
		},
		ThreadTitle: "詳細",
		Language:    briefing.Japanese,
	}
}

// texts are pieces that must be seen of samplePost, in order.
var parentTexts = []string{"朝のまとめ", "ニュース 2 件", "要点の一つ目。", "CVE-2025-0001", "要点の出典"}
var threadTexts = []string{"国内", "1. 見出し", "本文です。", "強調", "code()", "引用です。", "line 1", "line 2", "出典: ", "題名"}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), conformanceTimeout)
	t.Cleanup(cancel)
	return ctx
}

// send renders and posts a whole post, and returns the targets and ids.
func send(t *testing.T, s Subject, p bot.Post) ([]bot.Target, []bot.MessageID) {
	t.Helper()
	messages, err := s.Platform.Render(p)
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	var targets []bot.Target
	var ids []bot.MessageID
	delivery := bot.DeliveryID(s.Ref, "2025-07-03")
	for i, m := range messages {
		to := bot.Target{Ref: s.Ref, ThreadTitle: p.ThreadTitle, Marker: bot.Marker{Delivery: delivery, Part: i}}
		if i > 0 {
			to.Thread = ids[0]
		}
		id, err := s.Platform.Send(testContext(t), to, m)
		if err != nil {
			t.Fatalf("send part %d: %v", i, err)
		}
		if id == "" {
			t.Fatalf("send part %d: no error and no id", i)
		}
		targets, ids = append(targets, to), append(ids, id)
	}
	return targets, ids
}

func postsInOrder(t *testing.T, s Subject) {
	send(t, s, samplePost())
	seen := s.Seen()
	if len(seen) < 2 {
		t.Fatalf("saw %d messages, want a parent and its thread: %+v", len(seen), seen)
	}
	mustHoldInOrder(t, seen[0].Text, parentTexts)
	below := ""
	for i, m := range seen {
		if m.Thread != (i > 0) {
			t.Errorf("message %d: in a thread: %v", i, m.Thread)
		}
		if m.Private {
			t.Errorf("message %d is private", i)
		}
		if i > 0 {
			below += m.Text + "\n"
		}
	}
	mustHoldInOrder(t, below, threadTexts)
}

func mustHoldInOrder(t *testing.T, text string, pieces []string) {
	t.Helper()
	rest := text
	for _, p := range pieces {
		_, after, found := strings.Cut(rest, p)
		if !found {
			t.Errorf("%q is missing or out of order in %q", p, text)
			return
		}
		rest = after
	}
}

func findsByMarker(t *testing.T, s Subject) {
	since := time.Now().Add(-time.Minute)
	targets, ids := send(t, s, samplePost())
	for i, to := range targets {
		if id, err := s.Platform.Find(testContext(t), to, since); err != nil || id != ids[i] {
			t.Errorf("find part %d: %q, %v; want %q", i, id, err, ids[i])
		}
	}
	other := targets[0]
	other.Marker.Delivery = bot.DeliveryID(s.Ref, "2025-07-04")
	if id, err := s.Platform.Find(testContext(t), other, since); err != nil || id != "" {
		t.Errorf("find another day's parent: %q, %v; want none", id, err)
	}
}

func editsAndDeletes(t *testing.T, s Subject) {
	targets, ids := send(t, s, samplePost())
	revised := samplePost()
	revised.Parent[0] = bot.Title{Text: "朝のまとめ（更新）"}
	messages, err := s.Platform.Render(revised)
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	if err := s.Platform.Edit(testContext(t), targets[0], ids[0], messages[0]); err != nil {
		t.Fatalf("edit: %v", err)
	}
	if text := s.Seen()[0].Text; !strings.Contains(text, "（更新）") {
		t.Errorf("after an edit the parent says %q", text)
	}
	last := len(ids) - 1
	before := len(s.Seen())
	for range 2 { // the second time it is gone already
		if err := s.Platform.Delete(testContext(t), targets[last], ids[last]); err != nil {
			t.Fatalf("delete: %v", err)
		}
	}
	if after := len(s.Seen()); after != before-1 {
		t.Errorf("after a deletion %d messages are seen, before %d", after, before)
	}
	if err := s.Platform.Edit(testContext(t), targets[last], ids[last], messages[last]); bot.ClassOf(err) != bot.MessageGone {
		t.Errorf("edit of a deleted message: %v, want class %v", err, bot.MessageGone)
	}
}

func pingsNobody(t *testing.T, s Subject) {
	for _, p := range Hostile() {
		text := p.Text
		if p.Kind != mentions && p.Kind != "bidi" && p.Kind != "invisible" {
			continue
		}
		post := samplePost()
		spans := []bot.Span{{Text: text}, {Text: text, Strong: true}, {Text: text, URL: "https://example.com/x"}}
		post.Parent = bot.Document{bot.Title{Text: text}, bot.Prose{Spans: spans}, bot.Note{Spans: spans}, bot.QuoteText{Spans: spans}, bot.ListItem{Marker: "-", Spans: spans}}
		post.Thread = bot.Document{bot.Heading{Level: 2, Text: text}, bot.CodeText{Text: text}}
		messages, err := s.Platform.Render(post)
		if err != nil {
			t.Fatalf("render %q: %v", text, err)
		}
		to := bot.Target{Ref: s.Ref, Marker: bot.Marker{Delivery: bot.DeliveryID(s.Ref, briefing.Date(text))}}
		if _, err := s.Platform.Send(testContext(t), to, messages[0]); err != nil {
			t.Fatalf("send %q: %v", text, err)
		}
	}
	for _, m := range s.Seen() {
		if len(m.Pings) > 0 {
			t.Errorf("%q pings %q", m.Text, m.Pings)
		}
		if strings.ContainsAny(m.Text, "\u202E\u200B\u2066") {
			t.Errorf("%q holds characters that hide or turn text", m.Text)
		}
	}
}

func losesNothing(t *testing.T, s Subject) {
	post := samplePost()
	post.Thread = nil
	var want []string
	for i := range 40 {
		sentence := "第" + strings.Repeat("一", i%9+1) + "の事例では、攻撃者が公開された脆弱性を悪用しました。"
		long := strings.Repeat(sentence, 12)
		post.Thread = append(post.Thread, bot.Heading{Level: 2, Text: "見出し" + string(rune('A'+i%26))}, bot.Prose{Spans: []bot.Span{{Text: long}}})
		want = append(want, strings.Repeat("一", i%9+1)+"の事例")
	}
	send(t, s, post)
	var all strings.Builder
	for _, m := range s.Seen()[1:] {
		all.WriteString(m.Text)
	}
	count := strings.Count(squeeze(all.String()), "公開された脆弱性を悪用しました。")
	if count != 40*12 {
		t.Errorf("saw %d sentences, want %d", count, 40*12)
	}
	mustHoldInOrder(t, squeeze(all.String()), want)
}

// squeeze takes white space out, which a split may add or drop.
func squeeze(s string) string { return strings.Join(strings.Fields(s), "") }

func rendersPurely(t *testing.T, s Subject) {
	a, errA := s.Platform.Render(samplePost())
	b, errB := s.Platform.Render(samplePost())
	if errA != nil || errB != nil || len(a) != len(b) {
		t.Fatalf("render: %d and %d messages, %v, %v", len(a), len(b), errA, errB)
	}
	for i := range a {
		if string(a[i]) != string(b[i]) {
			t.Errorf("message %d differs:\n%s\n%s", i, a[i], b[i])
		}
	}
}

func classesAbsentChannel(t *testing.T, s Subject) {
	messages, err := s.Platform.Render(samplePost())
	if err != nil {
		t.Fatalf("render: %v", err)
	}
	to := bot.Target{Ref: s.Absent, Marker: bot.Marker{Delivery: bot.DeliveryID(s.Absent, "2025-07-03")}}
	if id, err := s.Platform.Send(testContext(t), to, messages[0]); bot.ClassOf(err) != bot.ChannelGone || id != "" {
		t.Errorf("send to a channel that is not there: %q, %v; want class %v", id, err, bot.ChannelGone)
	}
}

// script is a Responder that answers each request with a document that names
// it, and counts.
type script struct {
	mu    sync.Mutex
	count map[string]int
	reply func(bot.Request) bot.Reply
}

func (r *script) Respond(_ context.Context, req bot.Request) bot.Reply {
	r.mu.Lock()
	r.count[req.Text]++
	r.mu.Unlock()
	return r.reply(req)
}

func (r *script) Opens(req bot.Request) bool {
	return req.Answers == nil && strings.HasPrefix(req.Text, "form")
}

func (r *script) Complete(_ context.Context, prefix string) []string { return []string{prefix + "…"} }

func echo(req bot.Request) bot.Reply {
	return bot.Reply{Document: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "答え: " + req.Command + " " + req.Text}}}}}
}

// run starts the platform for the length of the test.
func run(t *testing.T, s Subject, reply func(bot.Request) bot.Reply) *script {
	t.Helper()
	responder := &script{count: map[string]int{}, reply: reply}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Platform.Run(ctx, responder) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("run ended with %v, want nil", err)
			}
		case <-time.After(conformanceTimeout):
			t.Error("run did not end when its context did")
		}
	})
	return responder
}

func answersPrivately(t *testing.T, s Subject) {
	run(t, s, echo)
	got, err := s.Command(testContext(t), "term", "能動的サイバー防御")
	if err != nil {
		t.Fatalf("command: %v", err)
	}
	if !strings.Contains(got.Text, "答え: term 能動的サイバー防御") || !got.Private {
		t.Errorf("answer: %+v, want a private one that names the term", got)
	}
}

func sharesPublicly(t *testing.T, s Subject) {
	run(t, s, func(req bot.Request) bot.Reply {
		reply := echo(req)
		reply.Public = true
		return reply
	})
	got, err := s.Command(testContext(t), "term", "共有")
	if err != nil {
		t.Fatalf("command: %v", err)
	}
	if !strings.Contains(got.Text, "答え: term 共有") || got.Private {
		t.Errorf("answer: %+v, want a public one", got)
	}
}

func acknowledgesFirst(t *testing.T, s Subject) {
	release := make(chan struct{})
	responder := run(t, s, func(req bot.Request) bot.Reply {
		if req.Text == "遅い" {
			<-release
		}
		return echo(req)
	})
	slow := make(chan error, 1)
	go func() {
		_, err := s.Command(testContext(t), "term", "遅い")
		slow <- err
	}()
	// While one answer is being worked on, another command gets its own.
	if got, err := s.Command(testContext(t), "term", "速い"); err != nil || !strings.Contains(got.Text, "速い") {
		t.Errorf("a command beside a slow one: %+v, %v", got, err)
	}
	close(release)
	if err := <-slow; err != nil {
		t.Errorf("slow command: %v", err)
	}
	responder.mu.Lock()
	defer responder.mu.Unlock()
	if responder.count["遅い"] != 1 {
		t.Errorf("the slow command was answered %d times", responder.count["遅い"])
	}
}

func answersOnce(t *testing.T, s Subject) {
	responder := run(t, s, echo)
	if err := s.Redeliver(testContext(t), "term", "二度"); err != nil {
		t.Fatalf("redeliver: %v", err)
	}
	// A command given later is answered after the two deliveries.
	if _, err := s.Command(testContext(t), "term", "その後"); err != nil {
		t.Fatalf("command: %v", err)
	}
	responder.mu.Lock()
	defer responder.mu.Unlock()
	if responder.count["二度"] != 1 {
		t.Errorf("a command delivered twice was answered %d times", responder.count["二度"])
	}
}

// sampleForm has fields that every platform can have.
func sampleForm() bot.Form {
	return bot.Form{
		Title: "設定", Submit: "保存", Action: bot.Action{Command: "briefing-admin", Argument: "form 甲"}, Language: briefing.Japanese,
		Fields: []bot.Field{
			{Name: "time", Label: "時刻", Kind: bot.TimeOfDay, Value: "08:30", Zone: "Asia/Tokyo", Hint: "現地の時刻です。"},
			{Name: "zone", Label: "タイムゾーン", Value: "Asia/Tokyo"},
			{Name: "days", Label: "曜日", Kind: bot.SomeOf, Value: "mon,wed", Options: []bot.Option{{Label: "月", Value: "mon"}, {Label: "火", Value: "tue"}, {Label: "水", Value: "wed"}}},
			{Name: "language", Label: "言語", Kind: bot.OneOf, Value: "ja", Options: []bot.Option{{Label: "日本語", Value: "ja"}, {Label: "English", Value: "en"}}},
			{Name: "thread", Label: "スレッド", Kind: bot.OnOff, Value: "on"},
		},
	}
}

// offerForm answers a command with a button that opens the form, and a form
// that was sent with what it says.
func offerForm(req bot.Request) bot.Reply {
	f := sampleForm()
	says := func(text string) bot.Document { return bot.Document{bot.Prose{Spans: []bot.Span{{Text: text}}}} }
	switch {
	case req.Answers["zone"] == "Mars/Base":
		f.Fields[0].Value, f.Fields[0].Problem = req.Answers["time"], "早すぎます。"
		f.Fields[1].Value, f.Fields[1].Problem = "Mars/Base", "その場所はありません。"
		return bot.Reply{Form: &f, Document: says("早すぎます。その場所はありません。")}
	case req.Answers != nil:
		text := "保存:"
		for _, field := range f.Fields {
			text += " " + field.Name + "=" + req.Answers[field.Name]
		}
		return bot.Reply{Document: says(text + "。" + req.Command + " " + req.Text)}
	case req.Text == "form 甲":
		return bot.Reply{Form: &f, Document: says("開けない所では")}
	case req.Text == "form 乙":
		return bot.Reply{Document: says("管理者だけが使えます。")}
	}
	reply := echo(req)
	reply.Document = append(reply.Document, bot.Buttons{
		{Label: "変える", Action: bot.Action{Command: "briefing-admin", Argument: "form 甲"}},
		{Label: "拒む", Action: bot.Action{Command: "briefing-admin", Argument: "form 乙"}},
	})
	return reply
}

// openForm opens the sample form.
func openForm(t *testing.T, s Subject) SeenForm {
	t.Helper()
	run(t, s, offerForm)
	f, err := s.Open(testContext(t), "term", "設定", "変える")
	if err != nil || f.Title != "設定" {
		t.Fatalf("open: %+v, %v", f, err)
	}
	return f
}

func opensForm(t *testing.T, s Subject) {
	f := openForm(t, s)
	for _, want := range sampleForm().Fields {
		if got := f.Value(want.Label); got != want.Value {
			t.Errorf("%s: %q stands in the field, want %q", want.Label, got, want.Value)
		}
	}
}

func takesAnswers(t *testing.T, s Subject) {
	f, err := s.Submit(testContext(t), openForm(t, s), map[string]string{"時刻": "09:15", "タイムゾーン": "Europe/Paris", "曜日": "tue", "言語": "en"})
	want := "保存: time=09:15 zone=Europe/Paris days=tue language=en thread=on。briefing-admin form 甲"
	if err != nil || strings.TrimSpace(f.Message.Text) != want || len(f.Fields) > 0 {
		t.Errorf("submit: %+v, %v; want %q", f, err, want)
	}
}

func saysWhatIsWrong(t *testing.T, s Subject) {
	f, err := s.Submit(testContext(t), openForm(t, s), map[string]string{"時刻": "00:01", "タイムゾーン": "Mars/Base"})
	if err != nil || !strings.Contains(f.problem("時刻"), "早すぎます。") || !strings.Contains(f.problem("タイムゾーン"), "その場所はありません。") {
		t.Errorf("submit: %+v, %v", f, err)
	}
}

func refusesForm(t *testing.T, s Subject) {
	run(t, s, offerForm)
	f, err := s.Open(testContext(t), "term", "設定", "拒む")
	if err != nil || len(f.Fields) > 0 || !strings.Contains(f.Message.Text, "管理者だけが使えます。") || !f.Message.Private {
		t.Errorf("open: %+v, %v; want a private message that says no", f, err)
	}
}
