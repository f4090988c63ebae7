package bottest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browserTimeout bounds everything that one test does in its browser.
const browserTimeout = 4 * time.Minute

// awaitTimeout bounds one Await: no test waits for it unless it fails.
const awaitTimeout = 90 * time.Second

// chromiums are the names under which a Chromium may be installed.
func chromiums() []string {
	return []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"}
}

// Browser starts a headless Chromium with a fresh profile and returns the
// context for chromedp.Run, with one empty tab. The browser ends with the
// test. The test fails if a page logs an error, throws, breaks its own
// content security policy, or asks any origin but its own for anything.
//
// Where no Chromium is installed the test is skipped, but with CI=true it
// fails: there the browser is to be installed.
func Browser(t testing.TB) context.Context {
	t.Helper()
	path, err := findChromium()
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-domain-reliability", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("lang", "ja"),
	)
	ctx, cancel := context.WithTimeout(context.Background(), browserTimeout)
	t.Cleanup(cancel)
	ctx, closeBrowser := chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(closeBrowser)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	watch(t, ctx, path)
	return ctx
}

// watch collects what the pages do wrong, and fails the test for it when the
// browser has been closed.
func watch(t testing.TB, ctx context.Context, path string) {
	t.Helper()
	c := &complaints{}
	enable := chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		if _, err := cdp.Call(ctx, tab, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := cdp.Call(ctx, tab, cdplog.Enable, cdp.Empty{})
		return err
	})
	if err := chromedp.Listen(ctx, c.listen); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	if err := chromedp.Do(ctx, enable); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Logf("close browser: %v", err)
		}
		for _, complaint := range c.all() {
			t.Error("browser: " + complaint)
		}
	})
}

func findChromium() (string, error) {
	for _, name := range chromiums() {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no Chromium is installed (looked for %s)", strings.Join(chromiums(), ", "))
}

// complaints collects what a page did wrong.
type complaints struct {
	mu   sync.Mutex
	list []string
}

func (c *complaints) add(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, fmt.Sprintf(format, args...))
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

func (c *complaints) listen(event any) {
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		c.add("exception: %v", e.ExceptionDetails)
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			for _, a := range e.Args {
				c.add("console: %s", a.Value)
			}
		}
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError || e.Entry.Level == cdplog.EntryLevelWarning {
			c.add("log: %s %s", e.Entry.Text, e.Entry.URL)
		}
	case *network.EventRequestWillBeSent:
		if !ownOrigin(e.DocumentURL, e.Request.URL) {
			c.add("request of %s to another origin: %s", e.DocumentURL, e.Request.URL)
		}
	}
}

// ownOrigin says whether a request goes to the origin of the page that makes
// it, or to no server at all, and stays on this machine.
func ownOrigin(page, address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	switch u.Scheme {
	case "data", "about", "blob", "chrome":
		return true
	}
	from, err := url.Parse(page)
	return err == nil && from.Scheme == u.Scheme && from.Host == u.Host &&
		(u.Hostname() == "127.0.0.1" || u.Hostname() == "localhost")
}

// Look sets the size of the window in CSS pixels (a width below 500 is a
// phone) and the colour scheme that the reader prefers.
func Look(width, height int64, dark bool) chromedp.Action[chromedp.Void] {
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
			Width: width, Height: height, DeviceScaleFactor: 2, Mobile: width < 500,
		})
		if err != nil {
			return fmt.Errorf("set window size: %w", err)
		}
		_, err = cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme},
				{Name: "prefers-reduced-motion", Value: "reduce"},
			},
		})
		return err
	})
}

// Do runs the steps in the browser; the test ends if one fails.
func Do(t testing.TB, browser context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(browser, steps...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

// Ask evaluates a JavaScript expression in the page.
func Ask[T any](t testing.TB, browser context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(browser, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("browser: %s: %v", expression, err)
	}
	return v
}

// Await waits until a JavaScript expression holds in the page.
func Await(t testing.TB, browser context.Context, expression string) {
	t.Helper()
	deadline := time.Now().Add(awaitTimeout)
	_, err := chromedp.Run(browser, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(awaitTimeout)))
	for err != nil && navigated(err) && time.Now().Before(deadline) {
		_, err = chromedp.Run(browser, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(time.Until(deadline))))
	}
	if err != nil {
		shows, _ := chromedp.Run(browser, chromedp.Evaluate[string]("document.body.innerText"))
		t.Fatalf("browser: wait until %s: %v; the page shows:\n%s", expression, err, shows)
	}
}

// navigated says that a page could not answer since it made room for the next.
func navigated(err error) bool {
	for _, says := range []string{"navigated or closed", "Cannot find context", "context was destroyed"} {
		if strings.Contains(err.Error(), says) {
			return true
		}
	}
	return false
}

// Picture writes what the window shows, or with whole the page in its full
// length, as a PNG file.
func Picture(t testing.TB, browser context.Context, file string, whole bool) {
	t.Helper()
	if whole {
		picture(t, browser, file, chromedp.FullScreenshot(100))
		return
	}
	picture(t, browser, file, chromedp.CaptureScreenshot())
}

// PictureOf writes the first element that a CSS selector finds as a PNG file.
func PictureOf(t testing.TB, browser context.Context, file, selector string) {
	t.Helper()
	picture(t, browser, file, chromedp.Screenshot(chromedp.CSS(selector)))
}

func picture(t testing.TB, browser context.Context, file string, shoot chromedp.Action[[]byte]) {
	t.Helper()
	shot, err := chromedp.Run(browser, shoot)
	if err != nil {
		t.Fatalf("take picture %s: %v", file, err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatalf("take picture: %v", err)
	}
	if err := os.WriteFile(file, smaller(t, shot), 0o644); err != nil {
		t.Fatalf("take picture: %v", err)
	}
}

// smaller is the same picture, compressed with more care than a browser takes.
func smaller(t testing.TB, shot []byte) []byte {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		t.Fatalf("take picture: %v", err)
	}
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, picture); err != nil {
		t.Fatalf("take picture: %v", err)
	}
	if b.Len() >= len(shot) {
		return shot
	}
	return b.Bytes()
}
