package bot

import (
	"cmp"
	"context"

	"cyberbrief/briefing"
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
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{
			{Text: localTime(e.At, r.opts.Defaults.Zone) + " "}, {Text: deed(e.What, req.Language), Strong: true}, {Text: " "},
			channelName(e.Ref), {Text: " "}, {Text: e.Ref.String(), Code: true}, {Text: in(req.Language, " — ", " by ") + whoDid(e.Who, req.Language)},
		}})
		if change := e.Change(); change != "" {
			doc = append(doc, Note{plain(change)})
		}
	}
	if len(entries) == 0 {
		doc = append(doc, Prose{plain(in(req.Language, "変更はまだありません。", "There are no changes yet."))})
	}
	return doc, nil
}

// deedsJA are what the audit log tells of, as people say it.
var deedsJA = map[string]string{
	"add": "追加", "remove": "削除", "set": "設定", "pause": "停止", "resume": "再開", "retract": "取り消し",
}

func deed(what string, lang briefing.Language) string {
	return in(lang, cmp.Or(deedsJA[what], what), what)
}

// whoDid is who made a change: a person by id, or what it was else.
func whoDid(who string, lang briefing.Language) string {
	nobody := map[string]wording{
		ByCLI: {"コマンドライン", "the command line"}, ByConfig: {"起動時の設定", "the configuration"},
		ByPlatform: {"自動（投稿が拒否された）", "itself (it was refused)"}, ByProbe: {"自動（また投稿できる）", "itself (it can post again)"},
	}
	if w, ok := nobody[who]; ok {
		return in(lang, w.label, w.hint)
	}
	return who
}
