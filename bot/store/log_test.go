package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/bot/store"
)

// syncBuffer is a buffer that several goroutines may write to.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// Migrations and the queue say at every start what nobody needs to know, at a
// level that nobody needs to read.
func TestNewsOfLibrariesAreDetails(t *testing.T) {
	t.Parallel()
	bottest.EachDatabase(t, func(t *testing.T, url string) {
		var out syncBuffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s := openWith(t, url, store.Options{Logger: log})
		if err := start(t, s, newWorker()).Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); strings.Contains(got, "level=INFO") || !strings.Contains(got, "level=DEBUG") {
			t.Errorf("the log has news, or nothing:\n%s", got)
		}
	})
}

// TestWarningsOfLibrariesAreSaidOnce in ten minutes, and again after.
func TestWarningsOfLibrariesAreSaidOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out syncBuffer
		log := slog.New(store.NewDetailHandler(slog.NewTextHandler(&out, nil)))
		for range 11 * 60 {
			log.Error("no jobs fetched", "err", "locked")
			log.With("queue", "plan").Warn("stepping down")
			time.Sleep(time.Second)
		}
		if n := strings.Count(out.String(), "no jobs fetched"); n != 2 {
			t.Errorf("the error is said %d times, want 2", n)
		}
		if n := strings.Count(out.String(), "stepping down"); n != 2 {
			t.Errorf("the warning is said %d times, want 2", n)
		}
	})
}
