package web_test

import (
	"context"
	"flag"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/web"
	"cyberbrief/briefing/sample"
)

// pictures is a folder into which the browser test puts what it sees:
// go test ./bot/web -run Browser -pictures DIR
var pictures = flag.String("pictures", "", "folder for `pictures` of the pages")

// shoot keeps a picture of the whole page where pictures are asked for.
func shoot(t *testing.T, tab context.Context, name string) {
	t.Helper()
	if *pictures != "" {
		bottest.Picture(t, tab, filepath.Join(*pictures, "web-"+name+".png"), true)
	}
}

// pagesSeen are pages of every kind.
func pagesSeen() []struct{ name, path string } {
	return []struct{ name, path string }{
		{"day", "/"}, {"archive", "/briefings"}, {"month", "/briefings?month=2025-06"}, {"terms", "/terms"},
		{"terms-found", "/terms?q=NCO"}, {"terms-none", "/terms?q=" + url.QueryEscape("無い言葉")},
		{"term", "/terms/" + url.PathEscape("国家サイバー統括室")}, {"search", "/search?q=" + url.QueryEscape("サイバー")},
		{"search-empty", "/search"}, {"search-none", "/search?q=" + url.QueryEscape("どこにもない")}, {"day-en", "/?lang=en"}, {"login", "/channels"},
	}
}

// TestBrowser shows every page at two widths in both colour schemes.
func TestBrowser(t *testing.T) {
	tab := bottest.Browser(t)
	server := operated(t, func() time.Time { return now }, nil)
	least := 21.0
	for _, l := range []struct {
		name          string
		width, height int64
		dark          bool
	}{{"desktop", 1280, 900, false}, {"desktop-dark", 1280, 900, true}, {"phone", 390, 844, false}, {"phone-dark", 390, 844, true}} {
		look := func(t *testing.T, name string) {
			t.Helper()
			if wide := bottest.Ask[int64](t, tab, `document.documentElement.scrollWidth`); wide > l.width {
				t.Errorf("page is %d pixels wide in a window of %d", wide, l.width)
			}
			least = min(least, bottest.Accessible(t, tab))
			shoot(t, tab, name+"-"+l.name)
		}
		for _, p := range pagesSeen() {
			t.Run(p.name+" "+l.name, func(t *testing.T) {
				bottest.Do(t, tab, bottest.Look(l.width, l.height, l.dark), chromedp.Navigate(server.URL+p.path))
				look(t, p.name)
			})
		}
		t.Run("operator "+l.name, func(t *testing.T) {
			bottest.Do(t, tab, chromedp.Navigate(server.URL+"/channels"), chromedp.SendKeys(chromedp.CSS("#token"), apiToken+"\r"))
			bottest.Await(t, tab, `document.querySelectorAll(".channel").length === 6`)
			look(t, "operator")
			bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".quiet")))
			bottest.Await(t, tab, `document.getElementById("token") !== null`)
		})
	}
	t.Logf("least contrast of any text: %.2f", least)
}

// TestBrowserKeyboard walks through every page with the Tab key.
func TestBrowserKeyboard(t *testing.T) {
	tab := bottest.Browser(t)
	server := operated(t, func() time.Time { return now }, nil)
	for _, p := range pagesSeen() {
		t.Run(p.name, func(t *testing.T) {
			bottest.Do(t, tab, bottest.Look(1280, 900, false), chromedp.Navigate(server.URL+p.path))
			if n := bottest.Tabbed(t, tab); n < 8 {
				t.Errorf("only %d stops", n)
			}
		})
	}
	t.Run("skip link", func(t *testing.T) {
		bottest.Do(t, tab, chromedp.Navigate(server.URL+"/"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"), chromedp.KeyEvent("\t"))
		bottest.Await(t, tab, `document.getElementById("main").contains(document.activeElement)`)
	})
}

func TestBrowserSearch(t *testing.T) {
	tab := bottest.Browser(t)
	server := start(t, library(), nil)
	t.Run("as you type", func(t *testing.T) {
		bottest.Do(t, tab, chromedp.Navigate(server.URL+"/search"), chromedp.SendKeys(chromedp.CSS(".find input"), "ランサム"))
		bottest.Await(t, tab, `document.querySelector(".hits mark")?.textContent === "ランサム"`)
		bottest.Await(t, tab, `location.search.includes("q=") && document.getElementById("results-count").textContent.includes("1 件")`)
	})
	t.Run("terms as you type", func(t *testing.T) {
		bottest.Do(t, tab, chromedp.Navigate(server.URL+"/terms"), chromedp.SendKeys(chromedp.CSS("#term"), "tcp"))
		bottest.Await(t, tab, `[...document.querySelectorAll(".terms dt")].map(e => e.textContent.trim()).join() === "TCP/IP"`)
	})
	t.Run("moved heading", func(t *testing.T) {
		bottest.Do(t, tab, chromedp.Navigate(server.URL+"/briefings/2025-07-02#s-00000000"))
		bottest.Await(t, tab, `document.getElementById("moved").checkVisibility()`)
		bottest.Do(t, tab, chromedp.Navigate(server.URL+"/briefings/2025-07-02#"+anchor(11)))
		bottest.Await(t, tab, `!document.getElementById("moved").checkVisibility() && document.querySelector("article:target") !== null`)
	})
}

// TestBrowserWithoutScripts does with forms what scripts make quicker.
func TestBrowserWithoutScripts(t *testing.T) {
	tab := bottest.Browser(t)
	server := operated(t, func() time.Time { return now }, func(o *web.Options) { o.PublicURL = "" })
	bottest.Do(t, tab, bottest.WithoutScripts(), chromedp.Navigate(server.URL+"/"), chromedp.SendKeys(chromedp.CSS(".find input"), "ランサム\r"))
	bottest.Await(t, tab, `document.querySelector(".hits mark")?.textContent === "ランサム"`)
	bottest.Do(t, tab, chromedp.Click(chromedp.CSS(".hits a")))
	bottest.Await(t, tab, `location.pathname === "/briefings/2025-07-01" && document.querySelector("article:target h3")?.textContent.includes("ランサム")`)
	bottest.Do(t, tab, chromedp.Navigate(server.URL+"/terms"), chromedp.SendKeys(chromedp.CSS("#term"), "tcp\r"))
	bottest.Await(t, tab, `[...document.querySelectorAll(".terms dt")].map(e => e.textContent.trim()).join() === "TCP/IP"`)
	bottest.Do(t, tab, chromedp.Navigate(server.URL+"/channels"), chromedp.SendKeys(chromedp.CSS("#token"), apiToken+"\r"))
	bottest.Await(t, tab, `document.querySelectorAll(".channel").length === 6`)
}

// TestBrowserPrint prints a day: nothing that only a screen needs, and every
// address written out.
func TestBrowserPrint(t *testing.T) {
	tab := bottest.Browser(t)
	server := start(t, library(), nil)
	bottest.Do(t, tab, bottest.Look(800, 1100, false), chromedp.Navigate(server.URL+"/"), bottest.OnPaper())
	for _, gone := range []string{".top", ".toc", ".foot", ".pager"} {
		if bottest.Ask[bool](t, tab, `document.querySelector("`+gone+`").checkVisibility()`) {
			t.Errorf("%s is printed", gone)
		}
	}
	if said := bottest.Ask[string](t, tab, `getComputedStyle(document.querySelector(".refs a[href^=http]"), "::after").content`); said == "none" {
		t.Error("addresses are not printed")
	}
	shoot(t, tab, "print")
}

// TestPagePicture shows the samples' pages as the README does:
// go test ./bot/web/... -run Picture -pictures "$PWD/docs/pictures"
func TestPagePicture(t *testing.T) {
	tab := bottest.Browser(t)
	files := map[string][]byte{}
	for _, f := range sample.Files() {
		files[f.Name] = f.Body
	}
	server := httptest.NewServer(siteOf(t, archive(t, files)))
	t.Cleanup(server.Close)
	for _, p := range []struct {
		name          string
		width, height int64
		dark          bool
	}{{"pages", 1180, 860, false}, {"pages-phone", 390, 844, true}} {
		bottest.Do(t, tab, bottest.Look(p.width, p.height, p.dark), chromedp.Navigate(server.URL+"/"))
		bottest.Accessible(t, tab)
		if *pictures != "" {
			bottest.Picture(t, tab, filepath.Join(*pictures, p.name+".png"), false)
		}
	}
}
