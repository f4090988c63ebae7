package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cyberbrief/briefing"
)

// hitsPerPage is how many hits of a search are read without scrolling.
const hitsPerPage = 5

// briefing answers /briefing.
func (r *Router) briefing(_ context.Context, req Request) (Document, error) {
	word, rest := cutWord(req.Text)
	switch word {
	case "", "latest":
		d, err := r.opts.Library.Latest()
		if errors.Is(err, briefing.ErrNotFound) {
			return nil, mistake("まとめはまだありません。", "There is no digest yet.")
		}
		return r.summary(d, req), nil
	case "search":
		return r.search(rest, req)
	case "help":
		return r.help(req.Language), nil
	}
	d, err := r.digest(word)
	if err != nil {
		return nil, err
	}
	if rest == "" {
		return r.summary(d, req), nil
	}
	line, err := strconv.Atoi(rest)
	if err != nil {
		return nil, mistake("「%s」は分かりません。/briefing help をご覧ください。", "“%s” is not understood. See /briefing help.", rest)
	}
	return r.section(d, line, req)
}

// digest finds the digest of a date as typed.
func (r *Router) digest(typed string) (*briefing.Digest, error) {
	date, err := briefing.ParseDate(typed)
	if err != nil {
		return nil, mistake("「%s」は日付ではありません。例: /briefing 2025-07-02", "“%s” is no date. Example: /briefing 2025-07-02", typed)
	}
	d, err := r.opts.Library.Digest(date)
	if err != nil {
		return nil, mistake("%s のまとめはありません。", "There is no digest of %s.", date)
	}
	return d, nil
}

// summary is what a channel would see of a digest above the thread, with a
// menu to read on.
func (r *Router) summary(d *briefing.Digest, req Request) Document {
	opts := briefing.Options{Language: req.Language, KeyPointsOnly: true, PublicURL: r.opts.PublicURL}
	doc := Layout(briefing.Compose(d, opts, nil)).Parent
	doc = append(doc, readOn(d, req.Language)...)
	return append(doc, Buttons{shareButton(req)})
}

// readOn lets the asker open a story of the digest.
func readOn(d *briefing.Digest, lang briefing.Language) Document {
	var options []Option
	add := func(line int, heading string) {
		options = append(options, Option{Label: heading, Value: string(d.Date) + " " + strconv.Itoa(line)})
	}
	for _, s := range d.Stories {
		add(s.Line, s.Heading)
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		add(s.Line, s.Heading)
	}
	var doc Document
	for chunk := range slices.Chunk(options, MaxOptions) {
		doc = append(doc, Menu{
			Placeholder: in(lang, "📰 記事を読む", "📰 Read a story"),
			Action:      Action{Command: "briefing"},
			Options:     chunk,
		})
	}
	return doc
}

// section shows the story or section whose heading stands at a line.
func (r *Router) section(d *briefing.Digest, line int, req Request) (Document, error) {
	l := layout{b: &briefing.Briefing{Options: briefing.Options{PublicURL: r.opts.PublicURL}}, d: d, lang: req.Language}
	share := Buttons{shareButton(req)}
	for _, s := range d.Stories {
		if s.Line == line || slices.Contains(s.Also, line) {
			return append(l.story(s), share), nil
		}
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		if s.Line == line {
			return append(append(Document{l.numbered(line, s.Heading)}, l.text(s.Text)...), share), nil
		}
	}
	return nil, mistake("%s のまとめの %d 行目に記事はありません。", "The digest of %s has no story at line %d.", d.Date, line)
}

// search answers /briefing search; a page is asked for with "page N" at the
// end, as the button does.
func (r *Router) search(text string, req Request) (Document, error) {
	words, page := cutPage(text)
	if words == "" {
		return nil, mistake("探す言葉を入力してください。例: /briefing search ランサムウェア", "Type what to look for. Example: /briefing search ransomware")
	}
	hits := r.opts.Library.Search(words, 0)
	if len(hits) == 0 {
		return nil, mistake("「%s」は見つかりませんでした。", "Nothing was found for “%s”.", words)
	}
	first := min((page-1)*hitsPerPage, len(hits))
	doc := Document{
		Title{Text: fmt.Sprintf(in(req.Language, "「%s」の検索結果", "Results for “%s”"), words)},
		Note{plain(fmt.Sprintf(in(req.Language, "%d 件", "%d hits"), len(hits)))},
	}
	for _, h := range hits[first:min(first+hitsPerPage, len(hits))] {
		doc = append(doc,
			ListItem{Marker: "-", Spans: []Span{{Text: string(h.Date) + " "}, {Text: h.Heading, Strong: true, URL: PageURL(r.opts.PublicURL, h.Date, h.Line)}}},
			Note{plain(h.Snippet)})
	}
	if first+hitsPerPage < len(hits) {
		doc = append(doc, Buttons{{
			Label:  in(req.Language, "次のページ", "Next page"),
			Action: Action{Command: "briefing", Argument: fmt.Sprintf("search %s page %d", words, page+1)},
		}})
	}
	return doc, nil
}

// cutPage parts "words page 2"; the page is 1 where none is named.
func cutPage(text string) (words string, page int) {
	text = strings.TrimSpace(text)
	i := strings.LastIndex(text, " page ")
	if i < 0 {
		return text, 1
	}
	n, err := strconv.Atoi(text[i+len(" page "):])
	if err != nil || n < 1 {
		return text, 1
	}
	return strings.TrimSpace(text[:i]), n
}
