package console_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/console"
)

// TestBrowserForms: an admin sets a channel up in the page's form, is told at
// the fields what is wrong, and sees what was saved; then adds a channel.
func TestBrowserForms(t *testing.T) {
	tab := bottest.Browser(t)
	c, url := start(t, console.Options{Channels: []string{"general", "soc"}, Admins: true, Clock: func() time.Time { return time.Now().Truncate(time.Minute) }})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	office := bottest.NewOffice(t, general())
	go func() { ended <- c.Run(ctx, office) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	does := func(script string) { bottest.Ask[bool](t, tab, "("+script+", true)") }
	const newest = `[...document.querySelectorAll(".private")].pop()`
	for _, l := range []struct {
		name          string
		width, height int64
		dark          bool
	}{{"desktop", 1280, 1500, false}, {"desktop-dark", 1280, 1500, true}, {"phone", 390, 1500, false}} {
		t.Run(l.name, func(t *testing.T) {
			picture := func(name string) {
				if *pictures != "" {
					bottest.Picture(t, tab, filepath.Join(*pictures, "console-"+name+"-"+l.name+".png"), false)
				}
			}
			// Another size is another visit, with the settings of the last one.
			general, err := office.Channel(t.Context(), general())
			if err != nil {
				t.Fatal(err)
			}
			general.Zone, general.Time = "Asia/Tokyo", 510
			office.Put(general)
			bottest.Do(t, tab, bottest.Look(l.width, l.height, l.dark), chromedp.Navigate(url+"/console"))
			bottest.Await(t, tab, `document.getElementById("link").classList.contains("live")`)
			bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "/briefing-admin set\r"))
			bottest.Await(t, tab, newest+`?.textContent.includes("設定を変える")`)
			picture("settings")
			does(newest + `.querySelector(".buttons button").click()`)
			bottest.Await(t, tab, newest+`?.querySelectorAll(".filled .field").length === 11`)
			if wide := bottest.Ask[int64](t, tab, `document.documentElement.scrollWidth`); wide > l.width {
				t.Errorf("page is %d pixels wide in a window of %d", wide, l.width)
			}
			picture("form")
			fill := func(name, value string) {
				does(newest + `.querySelector("[name='field.` + name + `']").value = "` + value + `"`)
			}
			send := func() { does(newest + `.querySelector(".send button").click()`) }
			fill("zone", "Mars/Base")
			fill("catch-up", "soon")
			send()
			bottest.Await(t, tab, newest+`?.querySelectorAll(".problem").length === 2`)
			if typed := bottest.Ask[string](t, tab, newest+`.querySelector("[aria-invalid]").value`); typed != "Mars/Base" {
				t.Errorf("the wrong field holds %q, not what was typed", typed)
			}
			picture("wrong")
			fill("zone", "Europe/Paris")
			fill("catch-up", "2h")
			fill("time", "09:15")
			send()
			bottest.Await(t, tab, newest+`?.textContent.includes("time 08:30 → 09:15")`)
			if left := bottest.Ask[int64](t, tab, newest+`.querySelectorAll("form").length`); left != 0 {
				t.Error("the form is still there after it was saved")
			}
			picture("saved")
		})
	}
	bottest.Do(t, tab, chromedp.SendKeys(chromedp.CSS("#write"), "/briefing-admin add\r"))
	bottest.Await(t, tab, newest+`?.textContent.includes("チャンネルを選んで追加")`)
	does(newest + `.querySelector(".buttons button").click()`)
	bottest.Await(t, tab, newest+`?.querySelectorAll("[name='field.channel'] option").length === 2`)
	does(newest + `.querySelector("[name='field.channel']").value = "soc"`)
	does(newest + `.querySelector(".send button").click()`)
	bottest.Await(t, tab, newest+`?.textContent.includes("console:soc を追加しました")`)
}
