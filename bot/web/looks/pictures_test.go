package looks_test

import (
	"encoding/json"
	"flag"
	"html/template"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/web/looks"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/sample"
)

// pictures is a folder for pictures; the README's are made by
// go test ./bot/web/looks -run Pictures -pictures ../../../docs/pictures
var (
	pictures = flag.String("pictures", "", "folder for `pictures` of the posts")
	every    = flag.Bool("every", false, "make pictures for every width and colour scheme")
)

// scene is where the README's posts stand.
func scene() looks.Scene {
	return looks.Scene{Channel: "security-news", Time: "8:30", Language: briefing.Japanese}
}

// morning is the newest sample as a channel gets it.
func morning(t *testing.T) bot.Post {
	t.Helper()
	files := sample.Files()
	newest := files[len(files)-1]
	d := digest.Read(newest.Name, newest.Body)
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	opts := briefing.Options{Language: briefing.Japanese, PublicURL: "https://news.example.com"}
	return bot.Layout(briefing.Compose(d, opts, nil))
}

// drawn is the post in both looks, made of the bodies that would be sent.
func drawn(t *testing.T) map[string]template.HTML {
	t.Helper()
	post := morning(t)
	at := scene()
	at.ThreadTitle = post.ThreadTitle
	out := map[string]template.HTML{}
	for name, x := range map[string]struct {
		render func(bot.Post) ([]bot.Message, error)
		draw   func(looks.Scene, []json.RawMessage) (template.HTML, error)
	}{
		"slack":   {slack.Render, looks.Slack},
		"discord": {(*discord.Discord)(nil).Render, looks.Discord},
	} {
		messages, err := x.render(post)
		if err != nil {
			t.Fatal(err)
		}
		bodies := make([]json.RawMessage, len(messages))
		for i, m := range messages {
			bodies[i] = json.RawMessage(m)
		}
		if out[name], err = x.draw(at, bodies); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestPictures draws the newest sample in both looks, and with -pictures
// makes pictures of it.
func TestPictures(t *testing.T) {
	tab := bottest.Browser(t)
	for name, look := range drawn(t) {
		page, err := looks.Page(name, briefing.Japanese, look)
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
		for _, l := range []struct {
			name          string
			width, height int64
			dark          bool
		}{{"", 620, 700, false}, {"-desktop", 1280, 900, false}, {"-desktop-dark", 1280, 900, true}, {"-phone", 390, 844, false}, {"-phone-dark", 390, 844, true}} {
			bottest.Do(t, tab, bottest.Look(l.width, l.height, l.dark), chromedp.Navigate(server.URL))
			if wide := bottest.Ask[int64](t, tab, `document.documentElement.scrollWidth`); wide > l.width {
				t.Errorf("%s%s is %d pixels wide in a window of %d", name, l.name, wide, l.width)
			}
			if unknown := bottest.Ask[string](t, tab, `[...document.querySelectorAll(".unknown")].map(e => e.textContent).join(" ")`); unknown != "" {
				t.Errorf("%s: not drawn: %s", name, unknown)
			}
			switch {
			case *pictures == "":
			case l.name == "":
				// What fits a README: the parent alone.
				bottest.PictureOf(t, tab, filepath.Join(*pictures, name+".png"), ".pane")
			case *every:
				bottest.Picture(t, tab, filepath.Join(*pictures, name+l.name+".png"), true)
			}
		}
	}
}
