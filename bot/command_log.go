package bot

import (
	"context"
	"strings"
)

// Auditor reads the audit log. Implemented by bot/store.
type Auditor interface {
	// Audit gives the newest n changes of an installation, newest first.
	Audit(ctx context.Context, in InstallationID, n int) ([]AuditEntry, error)
}

// maxLog is how many changes are shown at a time.
const maxLog = 20

// showLog is `log`: who changed what, in the asker's own installation.
func (r *Router) showLog(ctx context.Context, req Request, _ string) (Document, error) {
	entries, err := r.opts.Auditor.Audit(ctx, req.Ref.ID(), maxLog)
	if err != nil {
		return nil, err
	}
	doc := Document{Title{Text: in(req.Language, "変更の記録", "Changes")}}
	for _, e := range entries {
		words := []string{localTime(e.At, r.opts.Defaults.Zone), e.Who, e.What}
		doc = append(doc,
			ListItem{Marker: "-", Spans: []Span{{Text: strings.Join(words, " ") + " "}, {Text: e.Ref.String(), Code: true}}})
		if change := e.Change(); change != "" {
			doc = append(doc, Note{plain(change)})
		}
	}
	if len(entries) == 0 {
		doc = append(doc, Prose{plain(in(req.Language, "変更はまだありません。", "There are no changes yet."))})
	}
	return doc, nil
}
