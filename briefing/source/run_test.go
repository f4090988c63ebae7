package source

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/briefing"
)

// scripted is a source whose looks are a function.
type scripted struct {
	name string
	scan func(context.Context) (briefing.Date, error)
}

func (s scripted) String() string { return s.name }
func (s scripted) Scan(ctx context.Context, _ Sink) (briefing.Date, error) {
	return s.scan(ctx)
}

// TestRunKeepsSourcesApart runs a good source beside one that hangs, one that
// panics and one that fails.
func TestRunKeepsSourcesApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		sources := []Source{
			scripted{"good", func(context.Context) (briefing.Date, error) { return "2025-07-01", nil }},
			scripted{"hangs", func(ctx context.Context) (briefing.Date, error) { <-ctx.Done(); return "", ctx.Err() }},
			scripted{"panics", func(context.Context) (briefing.Date, error) { panic("bad feed") }},
			scripted{"fails", func(context.Context) (briefing.Date, error) { return "", errors.New("down") }},
		}
		checks := make(chan Check, 1000)
		Run(ctx, sources, time.Minute, (&inbox{}).take, func(c Check) { checks <- c })
		close(checks)
		looks := map[string]int{}
		for c := range checks {
			looks[c.Source]++
			switch c.Source {
			case "good":
				if c.Err != nil || c.Newest != "2025-07-01" || c.At.IsZero() {
					t.Errorf("good: %+v", c)
				}
			case "panics":
				if c.Err == nil || !strings.Contains(c.Err.Error(), "panic: bad feed") {
					t.Errorf("panics: %v", c.Err)
				}
			}
		}
		if n := looks["good"]; n < 60 || n > 67 {
			t.Errorf("good was looked at %d times in an hour, want one a minute", n)
		}
		// 2 + 4 + 8 + 15 + 15 + 15 minutes, each up to a tenth shorter.
		if n := looks["fails"]; n < 6 || n > 8 {
			t.Errorf("the failing source was looked at %d times in an hour, want fewer and fewer", n)
		}
		if looks["hangs"] != 0 {
			t.Errorf("a look that ctx cut off was reported: %d", looks["hangs"])
		}
	})
}

func TestPause(t *testing.T) {
	limited := &retryError{10 * time.Minute, errors.New("429")}
	greedy := &retryError{24 * time.Hour, errors.New("429")}
	tests := []struct {
		name     string
		every    time.Duration
		failures int
		err      error
		max      time.Duration
	}{
		{"in order", time.Minute, 0, nil, time.Minute},
		{"first failure", time.Minute, 1, errors.New("x"), 2 * time.Minute},
		{"many failures", time.Minute, 50, errors.New("x"), maxBackOff},
		{"slow source", time.Hour, 3, errors.New("x"), time.Hour},
		{"asked to wait", time.Minute, 1, limited, 10 * time.Minute},
		{"asked to wait too long", time.Minute, 1, greedy, maxBackOff},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for range 20 {
				got := pause(tt.every, tt.failures, tt.err)
				if got > tt.max || got < time.Duration(float64(tt.max)*(1-jitter)) {
					t.Errorf("pause %v, want %v less up to a tenth", got, tt.max)
				}
			}
		})
	}
}

// TestRunWatches sees a file long before the next look is due, also in a
// folder that is removed and made again.
func TestRunWatches(t *testing.T) {
	dir := t.TempDir() + "/digests"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	files := make(chan File)
	sink := func(ctx context.Context, f File) error {
		select {
		case files <- f:
		case <-ctx.Done():
		}
		return nil
	}
	checks := make(chan Check, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, []Source{NewFolder(dir)}, time.Hour, sink, func(c Check) { checks <- c })
	}()
	<-checks // the first look found nothing
	write(t, dir, "2025-07-01.md", "one")
	for _, want := range []string{"2025-07-01.md", "2025-07-02.md"} {
		select {
		case f := <-files:
			if f.Name != want {
				t.Errorf("got %s, want %s", f.Name, want)
			}
		case <-ctx.Done():
			t.Fatalf("%s was not seen", want)
		}
		if want == "2025-07-01.md" {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			write(t, dir, "2025-07-02.md", "two")
		}
	}
	cancel()
	<-done
}
