package bottest

import (
	"context"
	_ "embed"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

//go:embed access.js
var accessScript string

// Accessible fails the test for what of WCAG 2.2 AA a machine can find in the
// page that is shown: structure, names, contrast in the current colour scheme,
// size of targets. It returns the least contrast of any text.
func Accessible(t testing.TB, browser context.Context) (contrast float64) {
	t.Helper()
	found := Ask[struct {
		Wrong []string `json:"wrong"`
		Least float64  `json:"least"`
	}](t, browser, accessScript)
	for _, w := range found.Wrong {
		t.Errorf("not accessible: %s", w)
	}
	return found.Least
}

// focusScript describes what has the focus: its place among all elements, its
// name, and whether a reader sees that it has it.
const focusScript = `(() => {
	const e = document.activeElement, s = getComputedStyle(e), box = e.getBoundingClientRect();
	// A field may show its focus on the box around it.
	const ring = (x) => getComputedStyle(x).outlineStyle !== "none" && parseFloat(getComputedStyle(x).outlineWidth) >= 2;
	return {
		at: [...document.querySelectorAll("*")].indexOf(e), name: e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + " " + (e.textContent || e.getAttribute("aria-label") || "").trim().slice(0, 30),
		body: e === document.body, ring: ring(e) || ring(e.parentElement),
		shown: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
	};
})()`

// Tabbed presses Tab from the top of the page until the focus leaves it, and
// fails the test for a stop that is not seen. It returns how many stops there
// were.
func Tabbed(t testing.TB, browser context.Context) int {
	t.Helper()
	// maxStops ends a walk that never leaves the page.
	const maxStops = 400
	last := -1
	for stop := range maxStops {
		Do(t, browser, chromedp.KeyEvent("\t"))
		f := Ask[struct {
			At                int
			Name              string
			Body, Ring, Shown bool
		}](t, browser, focusScript)
		if f.Body || f.At <= last {
			return stop
		}
		if !f.Ring || !f.Shown {
			t.Errorf("focus on %q: seen %v, ring %v", f.Name, f.Shown, f.Ring)
		}
		last = f.At
	}
	t.Errorf("the focus has not left the page after %d stops", maxStops)
	return maxStops
}

// WithoutScripts has pages run no script from the next navigation on; what a
// test asks itself still runs.
func WithoutScripts() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		if err != nil {
			return fmt.Errorf("switch scripts off: %w", err)
		}
		return nil
	})
}

// OnPaper shows pages as a printer gets them.
func OnPaper() chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})
		if err != nil {
			return fmt.Errorf("show as printed: %w", err)
		}
		return nil
	})
}
