package bot

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"cyberbrief/briefing"
)

// newestTerms is how many terms `/term` alone shows.
const newestTerms = 10

// term answers /term.
func (r *Router) term(ctx context.Context, req Request) (Document, error) {
	req.Text = cmp.Or(req.Text, req.Answers[wordField]) // as typed, or as the form of termForm has it
	query := strings.TrimSpace(Clean(req.Text))
	if query == "" {
		return r.newTerms(req.Language), nil
	}
	answer := r.opts.Glossary.Lookup(query)
	if answer.Match == briefing.MatchNone || len(answer.Terms) == 0 {
		return r.unknownTerm(ctx, req, query, answer.Suggestions), nil
	}
	var doc Document
	for i, e := range answer.Terms {
		if i > 0 {
			doc = append(doc, Divider{})
		}
		doc = append(doc, r.entry(e, req.Language)...)
	}
	doc = append(doc, suggestions(answer.Suggestions, req.Language)...)
	return append(doc, Buttons{shareButton(req)}), nil
}

// entry shows one term with its history.
func (r *Router) entry(e briefing.Entry, lang briefing.Language) Document {
	doc := Document{Title{Text: e.Term}}
	if len(e.Aliases) > 0 {
		doc = append(doc, Note{plain(in(lang, "別名: ", "Also: ") + strings.Join(e.Aliases, in(lang, "、", ", ")))})
	}
	doc = append(doc, meanings(e)...)
	if len(e.Related) > 0 {
		doc = append(doc, Note{plain(in(lang, "関連: ", "Related: ") + strings.Join(e.Related, in(lang, "、", ", ")))})
	}
	return append(doc, Note{r.history(e, lang)})
}

// meanings are the definition, or all of them with their dates where the
// digests give several.
func meanings(e briefing.Entry) Document {
	if len(e.Meanings) < 2 {
		return Document{Prose{plain(e.Definition)}}
	}
	var doc Document
	for i, m := range e.Meanings {
		doc = append(doc, ListItem{Marker: strconv.Itoa(i+1) + ".", Spans: []Span{{Text: m.Definition}, {Text: " [" + string(m.Date) + "]"}}})
	}
	return doc
}

// digestsShown is how many digests an entry names; the newest matter most.
const digestsShown = 5

// history says since when a term is known and which digests explain it.
func (r *Router) history(e briefing.Entry, lang briefing.Language) []Span {
	spans := plain(fmt.Sprintf(in(lang, "初出 %s・掲載 %d 回: ", "Since %s · in %d digests: "), e.FirstSeen, len(e.Digests)))
	for i, date := range e.Digests[:min(digestsShown, len(e.Digests))] {
		if i > 0 {
			spans = append(spans, Span{Text: in(lang, "、", ", ")})
		}
		spans = append(spans, Span{Text: string(date), URL: PageURL(r.opts.PublicURL, date, "")})
	}
	if len(e.Digests) > digestsShown {
		spans = append(spans, Span{Text: in(lang, " ほか", " and more")})
	}
	return spans
}

// unknownTerm counts the word for the author and offers what was meant.
func (r *Router) unknownTerm(ctx context.Context, req Request, query string, maybe []string) Document {
	word := strings.Join(strings.Fields(norm.NFKC.String(query)), " ")
	says := fmt.Sprintf(in(req.Language, "「%s」はまだ用語集にありません。", "“%s” is not in the glossary yet."), query)
	if err := r.opts.Words.CountUnknown(ctx, req.Ref.ID(), word, r.opts.Clock()); err != nil {
		r.opts.Logger.Warn("unknown word not counted", "error", err)
	} else {
		says += in(req.Language, "執筆者に伝わるよう記録しました。", " It was noted for the author.")
	}
	return append(Document{Prose{plain(says)}}, suggestions(maybe, req.Language)...)
}

// suggestions are buttons for what the asker may have meant.
func suggestions(terms []string, lang briefing.Language) Document {
	if len(terms) == 0 {
		return nil
	}
	return Document{Note{plain(in(lang, "もしかして:", "Did you mean:"))}, termButtons(terms)}
}

func termButtons(terms []string) Buttons {
	var row Buttons
	for _, t := range terms[:min(MaxButtons, len(terms))] {
		row = append(row, Button{Label: t, Action: Action{Command: "term", Argument: t}})
	}
	return row
}

// newTerms is the answer to /term alone.
func (r *Router) newTerms(lang briefing.Language) Document {
	entries := r.opts.Glossary.Newest(newestTerms)
	doc := Document{Title{Text: in(lang, "用語集", "Glossary")}}
	if len(entries) == 0 {
		return append(doc, Prose{plain(in(lang, "用語はまだありません。", "There are no terms yet."))})
	}
	doc = append(doc, Prose{plain(in(lang, "新しく載った用語です。調べるときは「/term 用語」と入力してください。", "The newest terms. Type /term WORD to look one up."))})
	for _, e := range entries {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: e.Term, Strong: true}, {Text: in(lang, "（", " (") + string(e.LastSeen) + in(lang, "）", ")")}}})
	}
	return append(doc, pickTerm(entries, lang)...)
}
