package looks_test

import (
	"context"
	"encoding/json"
	"flag"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot"
	"cyberbrief/bot/bottest"
	"cyberbrief/bot/console"
	"cyberbrief/bot/discord"
	"cyberbrief/bot/slack"
	"cyberbrief/bot/web/looks"
	"cyberbrief/briefing"
	"cyberbrief/briefing/digest"
	"cyberbrief/briefing/glossary"
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

// samples are the built-in digests, oldest first.
func samples(t *testing.T) []*briefing.Digest {
	t.Helper()
	var all []*briefing.Digest
	for _, f := range sample.Files() {
		d := digest.Read(f.Name, f.Body)
		if err := d.Err(); err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

// morning is the newest sample as a channel gets it.
func morning(t *testing.T, publicURL string) bot.Post {
	t.Helper()
	all := samples(t)
	opts := briefing.Options{Language: briefing.Japanese, PublicURL: publicURL}
	return bot.Layout(briefing.Compose(all[len(all)-1], opts, nil))
}

// drawn is the post in both looks, made of the bodies that would be sent.
func drawn(t *testing.T) map[string]template.HTML {
	t.Helper()
	post := morning(t, "https://news.example.com")
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

// TestDemoPicture shows the console with the newest sample, its thread open
// and a term asked for, answered by the real router and glossary.
func TestDemoPicture(t *testing.T) {
	tab := bottest.Browser(t)
	url, parent := demo(t)
	bottest.Do(t, tab, bottest.Look(1280, 1200, false), chromedp.Navigate(url+"/console#security/"+string(parent)))
	bottest.Await(t, tab, `document.querySelectorAll("#replies .message").length > 0`)
	bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "/term 能動的サイバー防御\r"))
	bottest.Await(t, tab, `document.querySelector(".private")?.textContent.includes("能動的サイバー防御")`)
	bottest.Do(t, tab, chromedp.Blur(chromedp.CSS("#write")))
	bottest.Await(t, tab, `document.getElementById("busy").textContent === ""`)
	if *pictures != "" {
		bottest.Picture(t, tab, filepath.Join(*pictures, "demo.png"), false)
	}
}

// demo is a console as cyberbrief demo shows it, and its post.
func demo(t *testing.T) (url string, parent bot.MessageID) {
	t.Helper()
	terms := glossary.New()
	for _, d := range samples(t) {
		terms.Put(d)
	}
	clock := bottest.NewClock(time.Now().Truncate(time.Minute))
	router := bot.NewRouter(bot.RouterOptions{Glossary: terms, Clock: clock.Now, Logger: slog.New(slog.DiscardHandler)})
	c, err := console.New(console.Options{Channels: []string{"security", "general"}, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx, router) }()
	server := httptest.NewServer(c.Handler())
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		server.Close()
	})
	messages, err := c.Render(morning(t, ""))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range messages {
		to := bot.Target{Ref: bot.Ref{Installation: bot.Installation{Platform: bot.Console}, Channel: "security"}, Thread: parent}
		id, err := c.Send(ctx, to, m)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			parent = id
		}
	}
	return server.URL, parent
}
