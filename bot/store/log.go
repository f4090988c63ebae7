package store

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// repeatAfter is how long a warning of a library stands for those that say
// the same: River tries again every second or so while the database is out of
// order, and reports each time.
const repeatAfter = 10 * time.Minute

// detailHandler hands on what libraries think is news as details: River counts
// its jobs several times a minute, and each migration has a line. So it does
// with warnings and errors that were said lately.
type detailHandler struct {
	next slog.Handler
	said *said
}

// said is when a message was last handed on as what it is. Safe for
// concurrent use.
type said struct {
	mu sync.Mutex
	at map[string]time.Time
}

func newDetailHandler(next slog.Handler) detailHandler {
	return detailHandler{next, &said{at: map[string]time.Time{}}}
}

// lately says that the message was said within repeatAfter.
func (s *said) lately(message string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last, known := s.at[message]; known && now.Sub(last) < repeatAfter {
		return true
	}
	s.at[message] = now
	return false
}

func lowered(l slog.Level) slog.Level {
	if l >= slog.LevelWarn {
		return l
	}
	return l - (slog.LevelInfo - slog.LevelDebug)
}

func (h detailHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.next.Enabled(ctx, lowered(l))
}

func (h detailHandler) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lowered(r.Level)
	if r.Level >= slog.LevelWarn && h.said.lately(r.Message, r.Time) {
		if r.Level = slog.LevelDebug; !h.next.Enabled(ctx, r.Level) {
			return nil
		}
	}
	return h.next.Handle(ctx, r)
}

func (h detailHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return detailHandler{h.next.WithAttrs(attrs), h.said}
}

func (h detailHandler) WithGroup(name string) slog.Handler {
	return detailHandler{h.next.WithGroup(name), h.said}
}
