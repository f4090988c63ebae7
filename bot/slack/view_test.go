package slack_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/slack"
	"cyberbrief/briefing"
)

// views are the home tab and the modals as people get them, made by the real
// router over the built-in samples.
func views(t *testing.T, lang briefing.Language) map[string][]byte {
	t.Helper()
	general := ref("C0GENERAL1")
	soc := bot.Channel{Ref: ref("C0SOC00001"), Settings: bot.Settings{Time: 7 * 60, Zone: "Asia/Tokyo", Days: bot.Weekdays{1, 2, 3, 4, 5}, SkipHolidays: true,
		CatchUp: 4 * 3600e9, MaxAge: 3, Language: lang, LeaveOut: []briefing.Part{briefing.PartCitations}, WatchWords: []string{"Exchange", "FortiGate"}, Mention: "S0123ABCD"}, Paused: true, Reason: "not_in_channel"}
	office := bottest.NewOffice(t, general)
	office.Put(soc)
	at := bot.Ref{Installation: general.Installation}
	ask := func(u bot.User, command, text string, answers map[string]string) bot.Reply {
		return office.Respond(t.Context(), bot.Request{Ref: at, User: u, Command: command, Text: text, Answers: answers, Language: lang})
	}
	out := map[string][]byte{}
	keep := func(name string, v []byte, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = v
	}
	for name, u := range map[string]bot.User{"home-admin": bottest.OfficeAdmin, "home-member": bottest.OfficeMember} {
		v, err := slack.RenderHome(ask(u, "home", "", nil).Document, lang)
		keep(name, v, err)
	}
	settings := ask(bottest.OfficeAdmin, "briefing-admin", "set-form all "+soc.Ref.String(), nil).Form
	for name, f := range map[string]*bot.Form{
		"modal-settings": settings,
		"modal-add":      ask(bottest.OfficeAdmin, "briefing-admin", "add-form", nil).Form,
		"modal-term":     ask(bottest.OfficeMember, "term-form", "", nil).Form,
		"modal-edition":  ask(bottest.OfficeAdmin, "briefing-admin", "set-form all "+soc.Ref.String()+" 00000000", map[string]string{}).Form,
	} {
		v, err := slack.RenderForm(*f, "C0GENERAL1")
		keep(name, v, err)
	}
	for name, doc := range map[string]bot.Document{
		"modal-saved": ask(bottest.OfficeAdmin, "briefing-admin", settings.Action.Argument, map[string]string{"time": "09:15"}).Document,
		"modal-found": ask(bottest.OfficeMember, "term", "能動的サイバー防御", nil).Document,
	} {
		v, err := slack.RenderModal(doc, "", lang)
		keep(name, v, err)
	}
	return out
}

func TestViewGolden(t *testing.T) {
	for lang, suffix := range map[briefing.Language]string{briefing.Japanese: "ja", briefing.English: "en"} {
		for name, v := range views(t, lang) {
			t.Run(name+"-"+suffix, func(t *testing.T) {
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, v, "", "  "); err != nil {
					t.Fatal(err)
				}
				pretty.WriteByte('\n')
				got := txtar.Format(&txtar.Archive{Files: []txtar.File{{Name: "view.json", Data: pretty.Bytes()}}})
				path := filepath.Join("testdata", "view-"+name+"-"+suffix+".txtar")
				if *update {
					if err := os.WriteFile(path, got, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("differs from %s (-update rewrites it):\n%s", path, got)
				}
			})
		}
	}
}

// What people get is what Slack takes, and another reader of Block Kit knows
// every block of it.
func TestViewsAreTakenBySlack(t *testing.T) {
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		for name, v := range views(t, lang) {
			if why := bottest.SlackRefusesView(string(v)); len(why) > 0 {
				t.Errorf("%s %s: %v", lang, name, why)
			}
			var body struct {
				Blocks slackgo.Blocks `json:"blocks"`
			}
			if err := json.Unmarshal(v, &body); err != nil {
				t.Fatal(err)
			}
			for i, b := range body.Blocks.BlockSet {
				if _, unknown := b.(*slackgo.UnknownBlock); unknown {
					t.Errorf("%s %s: block %d is unknown", lang, name, i)
				}
			}
			if strings.Contains(name, "member") && strings.Contains(string(v), "briefing-admin") {
				t.Errorf("%s %s: a member sees admin things", lang, name)
			}
		}
	}
}

// A view cannot go on elsewhere: what it has no room for it says it has not.
func TestLongViewsSayThatTheyEnd(t *testing.T) {
	var many, long bot.Document
	for range 300 {
		many = append(many, bot.Divider{})
	}
	for range 200 {
		long = append(long, bot.Prose{Spans: []bot.Span{{Text: strings.Repeat("長い段落です。", 400)}}})
	}
	for name, doc := range map[string]bot.Document{"many": many, "long": long} {
		for lang, word := range map[briefing.Language]string{briefing.Japanese: "続きがあります", briefing.English: "more than fits"} {
			v, err := slack.RenderModal(doc, "C1", lang)
			if err != nil {
				t.Fatal(err)
			}
			if why := bottest.SlackRefusesView(string(v)); len(why) > 0 || !strings.Contains(string(v), word) {
				t.Errorf("%s %s: %d bytes, refused: %v", name, lang, len(v), why)
			}
		}
	}
	if v, err := slack.RenderHome(nil, briefing.Japanese); err != nil || len(bottest.SlackRefusesView(string(v))) > 0 {
		t.Errorf("nothing: %s, %v", v, err)
	}
}

// Text from outside is no more than text in a form either.
func TestFormsFitWhateverTheySay(t *testing.T) {
	for _, text := range append(bottest.HostileTexts(), strings.Repeat("長", 5000), "") {
		f := form()
		f.Title, f.Submit, f.Note = text, text, []bot.Span{{Text: text}}
		for i := range f.Fields {
			f.Fields[i].Label, f.Fields[i].Hint, f.Fields[i].Problem = "欄"+text, text, text
			for j := range f.Fields[i].Options {
				f.Fields[i].Options[j].Label = "項" + text
			}
		}
		f.Fields[2].Value, f.Fields[0].Value = text, text
		v, err := slack.RenderForm(f, "C1")
		if err != nil {
			t.Fatal(err)
		}
		if why := bottest.SlackRefusesView(string(v)); len(why) > 0 {
			t.Errorf("%.40q: %v", text, why)
		}
	}
}
