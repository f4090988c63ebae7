package main

import (
	"context"
	"flag"
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
		case <-time.After(10 * time.Second):
			t.Error("demo: not ended after ten seconds")
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
