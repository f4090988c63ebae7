package store

import (
	"context"
	"log/slog"
)

// detailHandler hands on what libraries think is news as details: River counts
// its jobs several times a minute, and each migration has a line. Warnings and
// errors stay what they are.
type detailHandler struct{ next slog.Handler }

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
	return h.next.Handle(ctx, r)
}

func (h detailHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return detailHandler{h.next.WithAttrs(attrs)}
}

func (h detailHandler) WithGroup(name string) slog.Handler {
	return detailHandler{h.next.WithGroup(name)}
}
