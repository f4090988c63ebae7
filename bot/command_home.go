package bot

import (
	"context"
	"errors"
	"slices"

	"cyberbrief/briefing"
)

// What is shown at home.
const (
	homeTerms    = 25 // of the newest
	homeChannels = 10 // with buttons of their own; the others are in a menu
)

// home is the place that a platform gives the bot beside the channels: the
// newest briefing as a channel's post shows it, a search for terms, and for
// admins the channels. Whoever is no admin, or not known to be one, sees no
// trace of those.
func (r *Router) home(ctx context.Context, req Request) (Document, error) {
	doc := Document{Ask{
		Label: in(req.Language, "🔍 用語を調べる", "🔍 Look up a term"), Placeholder: in(req.Language, "例: 能動的サイバー防御", "For example zero trust"),
		Action: Action{Command: "term"},
	}}
	doc = append(doc, pickNewest(r.opts.Glossary.Newest(homeTerms), req.Language)...)
	doc = append(doc, Divider{})
	d, err := r.opts.Library.Latest()
	switch {
	case err == nil:
		opts := briefing.Options{Language: req.Language, KeyPointsOnly: true, PublicURL: r.opts.PublicURL}
		doc = append(doc, newLayout(briefing.Compose(d, opts, nil)).parent(nil)...)
		doc = append(doc, readOn(d, req.Language)...)
	case errors.Is(err, briefing.ErrNotFound):
		doc = append(doc, Prose{plain(in(req.Language, "まとめはまだありません。届くとここに表示されます。", "There is no briefing yet. It will be shown here."))})
	default:
		return nil, err
	}
	return append(doc, r.adminHome(ctx, req)...), nil
}

func pickNewest(entries []briefing.Entry, lang briefing.Language) Document {
	menu := pickTerm(entries, lang)
	if len(menu) > 0 {
		m := menu[0].(Menu)
		m.Placeholder = in(lang, "📖 新しい用語から選ぶ", "📖 Pick one of the newest terms")
		menu[0] = m
	}
	return menu
}

// adminHome is the part of home that only admins see.
func (r *Router) adminHome(ctx context.Context, req Request) Document {
	if r.refuse(ctx, req) != nil {
		return nil
	}
	doc := Document{Divider{}, Heading{Level: 1, Text: in(req.Language, "配信の管理", "Administration")}}
	all, err := r.opts.Reporter.Status(ctx, req.Ref.ID())
	var rows []ListItem
	var channels []Channel
	if err == nil {
		rows, channels, err = r.statusRows(ctx, req, all)
	}
	if err != nil {
		r.opts.Logger.Error("channels are not shown at home", "installation", req.Ref.ID(), "error", err)
		return append(doc, sorry(req.Language)...)
	}
	for i, row := range rows[:min(homeChannels, len(rows))] {
		row.Spans = slices.DeleteFunc(row.Spans, func(s Span) bool { return s.Code || s.Text == " " }) // the name is enough
		doc = append(doc, row)
		doc = append(doc, rowButtons(channels[i], req)...)
	}
	if len(rows) > homeChannels {
		doc = append(doc, pickChannel(channels, req)...)
	}
	if len(rows) == 0 {
		doc = append(doc, Prose{plain(in(req.Language, "配信チャンネルはまだありません。", "There are no channels yet."))})
	}
	row := Buttons{adminButton(in(req.Language, "📜 変更の記録", "📜 Changes"), "log")}
	for _, add := range addButtons(req) {
		row = append(add.(Buttons), row...)
	}
	return append(doc, row)
}
