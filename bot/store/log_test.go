package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

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
