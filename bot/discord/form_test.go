package discord_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/briefing"
)

// modals are those that people get, made by the real router.
func modals(t *testing.T, lang briefing.Language) map[string][]byte {
	t.Helper()
	office := bottest.NewOffice(t, ref())
	out := map[string][]byte{}
	for name, req := range map[string]bot.Request{
		"when":  {Command: "briefing-admin", Text: "set-form when " + ref().String()},
		"what":  {Command: "briefing-admin", Text: "set-form what " + ref().String()},
		"watch": {Command: "briefing-admin", Text: "set-form watch " + ref().String()},
		"term":  {Command: "term-form"},
	} {
		req.Ref, req.User, req.Language = ref(), bottest.OfficeAdmin, lang
		f := office.Respond(t.Context(), req).Form
		if f == nil {
			t.Fatalf("%s: no form", name)
		}
		var err error
		if out[name], err = discord.RenderForm(*f); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return out
}

func TestModalGolden(t *testing.T) {
	for lang, suffix := range map[briefing.Language]string{briefing.Japanese: "ja", briefing.English: "en"} {
		for name, m := range modals(t, lang) {
			t.Run(name+"-"+suffix, func(t *testing.T) {
				if why := bottest.DiscordRefusesModal(m); len(why) > 0 {
					t.Errorf("Discord refuses it: %v", why)
				}
				var pretty bytes.Buffer
				if err := json.Indent(&pretty, m, "", "  "); err != nil {
					t.Fatal(err)
				}
				pretty.WriteByte('\n')
				got := txtar.Format(&txtar.Archive{Files: []txtar.File{{Name: "modal.json", Data: pretty.Bytes()}}})
				path := filepath.Join("testdata", "modal-"+name+"-"+suffix+".txtar")
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

// A modal is within Discord's limits whatever is said in it.
func TestModalsFitWhateverTheySay(t *testing.T) {
	for _, text := range append(bottest.HostileTexts(), strings.Repeat("長", 5000), "") {
		f := form()
		f.Title = "題" + text
		for i := range f.Fields {
			f.Fields[i].Label, f.Fields[i].Hint, f.Fields[i].Value = "欄"+text, text, text
		}
		m, err := discord.RenderForm(f)
		if err != nil {
			t.Fatal(err)
		}
		if why := bottest.DiscordRefusesModal(m); len(why) > 0 {
			t.Errorf("%.40q: %v", text, why)
		}
	}
	f := form()
	f.Action.Argument = strings.Repeat("x", 100)
	if _, err := discord.RenderForm(f); err == nil {
		t.Error("an action that does not fit is cut")
	}
}
