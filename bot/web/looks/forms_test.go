package looks_test

import (
	"html/template"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/web/looks"
	"cyberbrief/briefing"
)

// formLooks are the home tab and the modals as people see them, made by the
// real router.
func formLooks(t *testing.T, lang briefing.Language) map[string]template.HTML {
	t.Helper()
	general := bot.Ref{Installation: bot.Installation{Platform: bot.Slack, Tenant: "T1"}, Channel: "C0GENERAL1"}
	soc := bot.Ref{Installation: general.Installation, Channel: "C0SOC00001"}
	server := bot.Ref{Installation: bot.Installation{Platform: bot.Discord, Tenant: "700000000000000001"}, Channel: "700000000000000002"}
	office := bottest.NewOffice(t, general, soc, server)
	ask := func(at bot.Ref, u bot.User, command, text string) bot.Reply {
		return office.Respond(t.Context(), bot.Request{Ref: at, User: u, Command: command, Text: text, Language: lang})
	}
	home := bot.Ref{Installation: general.Installation}
	out := map[string]template.HTML{}
	at := looks.Scene{Language: lang}
	keep := func(name string, draw func() ([]byte, error), in func([]byte) (template.HTML, error)) {
		body, err := draw()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out[name], err = in(body); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	onSlack := func(b []byte) (template.HTML, error) { return looks.SlackView(at, b) }
	onDiscord := func(b []byte) (template.HTML, error) { return looks.DiscordModal(at, b) }
	for name, u := range map[string]bot.User{"home-admin": bottest.OfficeAdmin, "home-member": bottest.OfficeMember} {
		keep(name, func() ([]byte, error) { return slack.RenderHome(ask(home, u, "home", "").Document, lang) }, onSlack)
	}
	for name, text := range map[string]string{"slack-settings": "set-form all " + soc.String(), "slack-add": "add-form"} {
		keep(name, func() ([]byte, error) {
			return slack.RenderForm(*ask(general, bottest.OfficeAdmin, "briefing-admin", text).Form, "C0GENERAL1")
		}, onSlack)
	}
	keep("slack-found", func() ([]byte, error) {
		return slack.RenderModal(ask(general, bottest.OfficeMember, "term", "能動的サイバー防御").Document, "", lang)
	}, onSlack)
	for _, part := range []string{"when", "what", "watch"} {
		keep("discord-"+part, func() ([]byte, error) {
			return discord.RenderForm(*ask(server, bottest.OfficeAdmin, "briefing-admin", "set-form "+part+" "+server.String()).Form)
		}, onDiscord)
	}
	return out
}

// TestFormPictures draws the home tab and the modals, and with -pictures makes
// pictures of them.
func TestFormPictures(t *testing.T) {
	tab := bottest.Browser(t)
	for _, lang := range []briefing.Language{briefing.Japanese, briefing.English} {
		for name, look := range formLooks(t, lang) {
			page, err := looks.Page(name, lang, look)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/favicon.ico" {
					w.WriteHeader(http.StatusNoContent)
					return
				}
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				_, _ = w.Write(page)
			}))
			defer server.Close()
			width := int64(760)
			bottest.Do(t, tab, bottest.Look(width, 900, false), chromedp.Navigate(server.URL))
			if wide := bottest.Ask[int64](t, tab, `document.documentElement.scrollWidth`); wide > width {
				t.Errorf("%s is %d pixels wide in a window of %d", name, wide, width)
			}
			if unknown := bottest.Ask[string](t, tab, `[...document.querySelectorAll(".unknown")].map(e => e.textContent).join(" ")`); unknown != "" {
				t.Errorf("%s: not drawn: %s", name, unknown)
			}
			if *pictures != "" && *every {
				bottest.Picture(t, tab, filepath.Join(*pictures, name+"-"+string(lang)+".png"), true)
			}
		}
	}
}

func TestViewsAreDrawn(t *testing.T) {
	at := looks.Scene{Language: briefing.English}
	view, err := looks.SlackView(at, []byte(`{"type":"modal","title":{"type":"plain_text","text":"A & B"},"close":{"type":"plain_text","text":"No"},"submit":{"type":"plain_text","text":"Yes"},"blocks":[
		{"type":"input","optional":true,"label":{"type":"plain_text","text":"Label"},"hint":{"type":"plain_text","text":"<hint>"},"element":{"type":"checkboxes","options":[{"text":{"type":"plain_text","text":"one"},"value":"1"},{"text":{"type":"plain_text","text":"two"},"value":"2"}],"initial_options":[{"text":{"type":"plain_text","text":"two"},"value":"2"}]}},
		{"type":"input","label":{"type":"plain_text","text":"?"},"element":{"type":"hologram"}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"A &amp; B", "☐ one", "☑ two", "&lt;hint&gt;", "(optional)", `<span class="btn primary">Yes</span>`, `<span class="unknown">[hologram]</span>`} {
		if !strings.Contains(string(view), want) {
			t.Errorf("a modal lacks %s: %s", want, view)
		}
	}
	modal, err := looks.DiscordModal(at, []byte(`{"title":"T","components":[{"components":[{"type":4,"label":"L","value":"<v>","required":true}]},{"components":[{"type":3}]}]}`))
	if err != nil || !strings.Contains(string(modal), "&lt;v&gt;") || !strings.Contains(string(modal), "[component 3]") {
		t.Errorf("a modal of Discord: %s, %v", modal, err)
	}
	for _, draw := range []func(looks.Scene, []byte) (template.HTML, error){
		func(at looks.Scene, b []byte) (template.HTML, error) { return looks.SlackView(at, b) },
		func(at looks.Scene, b []byte) (template.HTML, error) { return looks.DiscordModal(at, b) },
	} {
		if _, err := draw(at, []byte("{")); err == nil {
			t.Error("what is no JSON is drawn")
		}
	}
}
