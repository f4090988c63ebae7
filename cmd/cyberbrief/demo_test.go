package main

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot/bottest"
)

// pictures is a folder into which the demo's browser test puts what it sees:
// go test ./cmd/cyberbrief -run Demo -pictures DIR
var pictures = flag.String("pictures", "", "folder for `pictures` of the demo")

// startDemo runs `demo` until the test ends and returns the page's address.
func startDemo(t *testing.T) string {
	t.Helper()
	out := &output{}
	ctx, cancel := context.WithCancel(context.Background())
	w := &world{t: t}
	ended := make(chan error, 1)
	go func() {
		ended <- demoCommand{Listen: "127.0.0.1:0"}.Run(w.environment(ctx, time.Now(), out))
	}()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("demo: %v", err)
			}
		case <-time.After(patience):
			t.Errorf("demo: not ended after %s", patience)
		}
	})
	address := regexp.MustCompile(`http://[^/]+/console`)
	deadline := time.After(patience)
	for {
		if found := address.FindString(out.String()); found != "" {
			return found
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("demo ended: %v\n%s", err, out)
		case <-deadline:
			t.Fatalf("demo printed no address:\n%s", out)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestDemoInTheBrowser(t *testing.T) {
	t.Parallel()
	tab := bottest.Browser(t)
	page := startDemo(t)
	bottest.Do(t, tab, bottest.Look(1280, 900, false), chromedp.Navigate(page))
	bottest.Await(t, tab, `document.querySelectorAll("#log .message .item").length >= 3`)
	if text := bottest.Ask[string](t, tab, `document.querySelector("#log .message").innerText`); !strings.Contains(text, "2025年7月3日") {
		t.Errorf("the newest sample was not posted: %s", text)
	}
	bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".open-thread")))
	bottest.Await(t, tab, `document.querySelectorAll("#replies .message").length >= 2`)
	bottest.Do(t, tab, chromedp.KeyEvent("\x1b"))

	bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "/term 能動的サイバー防御"))
	bottest.Await(t, tab, `document.getElementById("write").value === "/term 能動的サイバー防御"`)
	bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "\r"))
	bottest.Await(t, tab, `[...document.querySelectorAll(".private")].some(m => m.innerText.includes("Active Cyber Defense"))`)
	if *pictures != "" {
		bottest.Picture(t, tab, filepath.Join(*pictures, "demo.png"), false)
	}
}

// TestDemoAsAnAdmin pauses and resumes the channel, reads the settings and
// the log, and looks around in the archive, in chat and on the pages.
func TestDemoAsAnAdmin(t *testing.T) {
	t.Parallel()
	tab := bottest.Browser(t)
	page := startDemo(t)
	bottest.Do(t, tab, bottest.Look(1280, 900, false), chromedp.Navigate(page))
	bottest.Await(t, tab, `document.querySelectorAll("#log .message .item").length >= 3`)
	for _, x := range []struct{ typed, answer string }{
		{"/briefing-admin list", "console:security"},
		{"/briefing-admin pause", "配信を止めました"},
		{"/briefing-admin status", "停止中"},
		{"/briefing-admin resume", "再開しました"},
		{"/briefing-admin log", "再開"},
		{"/briefing search ランサムウェア", "2025-07-03"},
		{"/briefing 2025-07-01", "7月1日"},
		{"/term ランサムうェア", "ランサムウェア"},
	} {
		before := bottest.Ask[int](t, tab, `document.querySelectorAll(".private").length`)
		bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), x.typed))
		bottest.Await(t, tab, fmt.Sprintf(`document.getElementById("write").value === %q`, x.typed))
		bottest.Do(t, tab, chromedp.KeyEvent("\x1b"), chromedp.KeyEvent("\r"))
		bottest.Await(t, tab, fmt.Sprintf(`[...document.querySelectorAll(".private")].slice(%d).some(m => m.innerText.includes(%q))`, before, x.answer))
	}

	site := strings.TrimSuffix(page, "/console")
	bottest.Do(t, tab, chromedp.Navigate(site+"/"))
	bottest.Await(t, tab, `document.querySelector("h1").textContent.includes("2025年7月3日")`)
	bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".lead")))
	bottest.Await(t, tab, `document.querySelector("article:target") !== null`)
	light := bottest.Ask[string](t, tab, `getComputedStyle(document.body).backgroundColor`)
	bottest.Do(t, tab, bottest.Look(390, 844, true))
	bottest.Await(t, tab, fmt.Sprintf(`getComputedStyle(document.body).backgroundColor !== %q`, light))
	bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS(".find input"), "CVE-2025-20309\r"))
	bottest.Await(t, tab, `document.querySelector(".hits mark")?.textContent === "CVE-2025-20309"`)
	if wide := bottest.Ask[int](t, tab, `document.documentElement.scrollWidth`); wide > 390 {
		t.Errorf("results are %d pixels wide on a phone", wide)
	}
}
