package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// secretMark stands where a secret stood.
const secretMark = "<secret>"

// minSecretLen keeps a secret that is set to a letter or two from blotting
// out every text there is.
const minSecretLen = 4

// tokenShapes match what the platforms hand out as credentials, in whatever
// text: Slack tokens, the tickets of Slack's sockets, addresses that anyone
// may post to, Discord bot tokens, interaction tokens, authorization headers.
var tokenShapes = regexp.MustCompile(`xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]+` +
	`|xapp-[A-Za-z0-9-]+` +
	`|\bticket=[^&\s"\\]+` +
	`|hooks\.slack(?:-gov)?\.com/[^\s"\\<>]+` +
	`|discord(?:app)?\.com/api/(?:v\d+/)?webhooks/[^\s"\\<>]+` +
	`|/interactions/\d+/[\w.-]{16,}` +
	`|/webhooks/\d+/[\w.-]{16,}` +
	`|\b[A-Za-z0-9_-]{23,28}\.[A-Za-z0-9_-]{6,7}\.[A-Za-z0-9_-]{27,}` +
	`|\b(?:Bearer|Bot) [A-Za-z0-9._~+/=-]{12,}`)

// Redactor blots secrets out of texts. It is safe for concurrent use; nil
// knows no secrets of its own but still blots out what looks like a token.
type Redactor struct{ known *strings.Replacer }

// NewRedactor knows these secrets, also in the form they take in a form or a
// query. Empty and very short ones are left out.
func NewRedactor(secrets ...string) *Redactor {
	var known []string
	for _, s := range secrets {
		if len(s) < minSecretLen {
			continue
		}
		known = append(known, s)
		for _, escaped := range []string{url.QueryEscape(s), url.PathEscape(s)} {
			if !slices.Contains(known, escaped) {
				known = append(known, escaped)
			}
		}
	}
	// A secret that is part of another one must not leave the rest behind.
	slices.SortFunc(known, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range known {
		pairs = append(pairs, s, secretMark)
	}
	return &Redactor{strings.NewReplacer(pairs...)}
}

// Redact is s with every secret replaced by <secret>.
func (r *Redactor) Redact(s string) string {
	if r != nil && r.known != nil {
		s = r.known.Replace(s)
	}
	return tokenShapes.ReplaceAllLiteralString(s, secretMark)
}

// Error is err with a redacted text. It still matches what err matches under
// errors.Is, but does not unwrap: nobody can print what is inside.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	return &redactedError{r.Redact(err.Error()), err}
}

type redactedError struct {
	text  string
	cause error
}

func (e *redactedError) Error() string        { return e.text }
func (e *redactedError) Is(target error) bool { return errors.Is(e.cause, target) }

// RedactHandler is h for records whose message and attributes have been
// redacted, whatever their kind.
func RedactHandler(h slog.Handler, secrets ...string) slog.Handler {
	return redactHandler{h, NewRedactor(secrets...)}
}

type redactHandler struct {
	next   slog.Handler
	redact *Redactor
}

func (h redactHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

func (h redactHandler) WithGroup(name string) slog.Handler {
	return redactHandler{h.next.WithGroup(name), h.redact}
}

func (h redactHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return redactHandler{h.next.WithAttrs(h.attrs(attrs)), h.redact}
}

func (h redactHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, h.redact.Redact(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(slog.Attr{Key: a.Key, Value: h.value(a.Value)})
		return true
	})
	return h.next.Handle(ctx, clean)
}

func (h redactHandler) attrs(attrs []slog.Attr) []slog.Attr {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = slog.Attr{Key: a.Key, Value: h.value(a.Value)}
	}
	return clean
}

func (h redactHandler) value(v slog.Value) slog.Value {
	switch v = v.Resolve(); v.Kind() {
	case slog.KindString:
		return slog.StringValue(h.redact.Redact(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(h.attrs(v.Group())...)
	case slog.KindAny:
		return h.anyValue(v)
	}
	return v
}

// anyValue replaces a value by its redacted text when the text that a
// handler could make of it, by fmt or by JSON, holds a secret.
func (h redactHandler) anyValue(v slog.Value) slog.Value {
	text := fmt.Sprintf("%+v", v.Any())
	if clean := h.redact.Redact(text); clean != text {
		return slog.StringValue(clean)
	}
	if js, err := json.Marshal(v.Any()); err == nil {
		if clean := h.redact.Redact(string(js)); clean != string(js) {
			return slog.StringValue(clean)
		}
	}
	return v
}
