package bot

import (
	"context"
	"fmt"

	"cyberbrief/briefing"
)

// wordField is the field of termForm.
const wordField = "word"

// termForm asks for a term to look up.
func (r *Router) termForm(_ context.Context, req Request) (Reply, error) {
	return Reply{
		Document: r.newTerms(req.Language),
		Form: &Form{
			Title:    in(req.Language, "用語を調べる", "Look up a term"),
			Submit:   in(req.Language, "調べる", "Look up"),
			Action:   Action{Command: "term"},
			Language: req.Language,
			Fields: []Field{{
				Name: wordField, Label: in(req.Language, "用語", "Term"),
				Hint: in(req.Language, "別名、表記のゆれ、途中まででも見つかります。", "Other names, other spellings and beginnings are found too."),
			}},
		},
	}, nil
}

// What is shown of the terms that a message names.
const (
	// mentionedTerms is how many are looked for.
	mentionedTerms = 15
	// mentionedWhole is how many of them are explained at once; the others
	// can be picked.
	mentionedWhole = 3
)

// lookup explains the terms that the text of a message names.
func (r *Router) lookup(_ context.Context, req Request) (Document, error) {
	entries := r.opts.Glossary.Mentioned(Clean(req.Text), mentionedTerms)
	if len(entries) == 0 {
		return nil, mistake("このメッセージには用語集の用語が見つかりませんでした。「/term 用語」で調べられます。",
			"No term of the glossary was found in this message. Type /term WORD to look one up.")
	}
	whole := entries[:min(mentionedWhole, len(entries))]
	doc := Document{Note{plain(fmt.Sprintf(in(req.Language, "このメッセージにある用語: %d 件", "Terms in this message: %d"), len(entries)))}}
	for i, e := range whole {
		if i > 0 {
			doc = append(doc, Divider{})
		}
		doc = append(doc, r.entry(e, req.Language)...)
	}
	return append(doc, pickTerm(entries[len(whole):], req.Language)...), nil
}

// pickTerm is a menu of terms.
func pickTerm(entries []briefing.Entry, lang briefing.Language) Document {
	var options []Option
	for _, e := range entries {
		options = append(options, Option{Label: e.Term, Value: e.Term})
	}
	return menus(in(lang, "📖 用語を選ぶ", "📖 Pick a term"), Action{Command: "term"}, options)
}
