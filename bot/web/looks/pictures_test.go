package looks_test

import (
	"context"
	"encoding/json"
	"flag"
	"html/template"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
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

// pictures is a folder for pictures; the README's, those of the pages too,
// are made by
// go test ./bot/web/... -run Picture -pictures "$PWD/docs/pictures"
var (
	pictures = flag.String("pictures", "", "folder for `pictures` of the posts")
	every    = flag.Bool("every", false, "make pictures of every case, width and colour scheme")
	others   = flag.String("digests", "", "`pattern` of digests to make pictures of too")
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

const pages = "https://news.example.com"

// cases are the posts to look at, by the name of their picture: the first is
// the README's. With -digests there are those as well.
func cases(t *testing.T) map[string]bot.Post {
	t.Helper()
	all := samples(t)
	newest := all[len(all)-1]
	var missed []briefing.Headline
	for _, d := range all[:len(all)-1] {
		missed = append([]briefing.Headline{{Date: d.Date, Title: d.Title}}, missed...)
	}
	post := func(opts briefing.Options, earlier []briefing.Headline, revised time.Time) bot.Post {
		b := briefing.Compose(newest, opts, earlier)
		b.Revised = revised
		return bot.Layout(b)
	}
	posts := map[string]bot.Post{
		"":             morning(t, pages),
		"-bare":        post(briefing.Options{}, missed, time.Time{}),
		"-english":     post(briefing.Options{Language: briefing.English, PublicURL: pages}, missed, time.Time{}),
		"-corrected":   post(briefing.Options{PublicURL: pages, WatchWords: []string{"Cisco", "ランサムウェア"}, Mention: "S0123456"}, nil, time.Date(2025, 7, 4, 10, 15, 0, 0, time.UTC)),
		"-points-only": post(briefing.Options{PublicURL: pages, KeyPointsOnly: true}, missed, time.Time{}),
	}
	files, err := filepath.Glob(*others)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d := digest.Read(filepath.Base(f), body)
		posts["-"+string(d.Date)] = bot.Layout(briefing.Compose(d, briefing.Options{PublicURL: pages}, missed))
	}
	return posts
}

// drawn is a post in both looks, made of the bodies that would be sent.
func drawn(t *testing.T, post bot.Post) map[string]template.HTML {
	t.Helper()
	at := scene()
	at.Language, at.ThreadTitle = post.Language, post.ThreadTitle
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

// TestPictures draws posts in both looks, sees that nothing sticks out, and
// with -pictures makes pictures of them.
func TestPictures(t *testing.T) {
	for c, post := range cases(t) {
		if c != "" && !*every {
			continue
		}
		t.Run("case"+c, func(t *testing.T) {
			tab := bottest.Browser(t)
			for platform, look := range drawn(t, post) {
				page, err := looks.Page(platform, post.Language, look)
				if err != nil {
					t.Fatal(err)
				}
				picture(t, tab, platform+c, page)
			}
		})
	}
}

// picture looks at a page in every width and colour scheme.
func picture(t *testing.T, tab context.Context, name string, page []byte) {
	t.Helper()
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
		switch readme := name == "slack" || name == "discord"; {
		case *pictures == "":
		case l.name == "" && (readme || *every):
			// What fits a README: the parent alone.
			bottest.PictureOf(t, tab, filepath.Join(*pictures, name+".png"), ".pane")
		case l.name != "" && *every:
			bottest.Picture(t, tab, filepath.Join(*pictures, name+l.name+".png"), true)
		}
	}
}

// TestDemoPicture shows the console with the newest sample, its thread open
// and a term asked for, answered by the real router and glossary.
func TestDemoPicture(t *testing.T) {
	tab := bottest.Browser(t)
	url, parent := demo(t)
	bottest.Do(t, tab, bottest.Look(1280, 860, false), chromedp.Navigate(url+"/console#security/"+string(parent)))
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
