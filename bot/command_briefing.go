package bot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"cyberbrief/briefing"
)

// hitsPerPage is how many hits of a search are read without scrolling.
const hitsPerPage = 5

// briefing answers /briefing.
func (r *Router) briefing(_ context.Context, req Request) (Document, error) {
	word, rest := cutWord(Clean(req.Text))
	switch fold(word) {
	case "", "latest":
		d, err := r.latest()
		if err != nil {
			return nil, err
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

// latest is the newest digest.
func (r *Router) latest() (*briefing.Digest, error) {
	d, err := r.opts.Library.Latest()
	if errors.Is(err, briefing.ErrNotFound) {
		return nil, mistake("まとめはまだありません。", "There is no digest yet.")
	}
	return d, err
}

// digest finds the digest of a date as typed.
func (r *Router) digest(typed string) (*briefing.Digest, error) {
	date, ok := typedDate(typed)
	if !ok {
		return nil, mistake("「%s」は日付として読めません。例: /briefing 2025-07-02", "“%s” is no date. Example: /briefing 2025-07-02", typed)
	}
	d, err := r.opts.Library.Digest(date)
	if errors.Is(err, briefing.ErrNotFound) {
		return nil, mistake("%s のまとめはありません。", "There is no digest of %s.", date)
	}
	return d, err
}

// typedDate reads a date in the forms that people type.
func typedDate(s string) (briefing.Date, bool) {
	for _, form := range []string{"2006-1-2", "2006/1/2", "2006.1.2", "20060102", "2006年1月2日"} {
		if t, err := time.Parse(form, fold(s)); err == nil {
			return briefing.DateOf(t), true
		}
	}
	return "", false
}

// summary is what a channel would see of a digest above the thread, with a
// menu to read on.
func (r *Router) summary(d *briefing.Digest, req Request) Document {
	opts := briefing.Options{Language: req.Language, KeyPointsOnly: true, PublicURL: r.opts.PublicURL}
	doc := newLayout(briefing.Compose(d, opts, nil)).parent(nil)
	doc = append(doc, readOn(d, req.Language)...)
	return append(doc, Buttons{shareButton(req)})
}

// readOn lets the asker open a story of the digest.
func readOn(d *briefing.Digest, lang briefing.Language) Document {
	var options []Option
	for _, s := range d.Stories {
		options = append(options, opening(d.Date, s.Line, s.Heading))
	}
	for _, s := range slices.Concat(d.DeepDives, d.Sections) {
		options = append(options, opening(d.Date, s.Line, s.Heading))
	}
	return menus(in(lang, "📰 記事を読む", "📰 Read a story"), Action{Command: "briefing"}, options)
}

// opening is the option that opens what stands at a line of a digest.
func opening(date briefing.Date, line int, heading string) Option {
	return Option{Label: heading, Value: string(date) + " " + strconv.Itoa(line)}
}

// section shows the story, section, passage or term that stands at a line.
func (r *Router) section(d *briefing.Digest, line int, req Request) (Document, error) {
	b := &briefing.Briefing{Digest: d, Options: briefing.Options{Language: req.Language, PublicURL: r.opts.PublicURL, KeyPointsOnly: true}}
	doc := newLayout(b).standingAt(line)
	if doc == nil {
		return nil, mistake("%s のまとめの %d 行目に記事はありません。", "The digest of %s has no story at line %d.", d.Date, line)
	}
	return append(doc, Buttons{shareButton(req)}), nil
}

// search answers /briefing search; a page is asked for with "page N" at the
// end, as the button does.
func (r *Router) search(text string, req Request) (Document, error) {
	words, page := cutPage(text)
	switch {
	case words == "":
		return nil, mistake("探す言葉を入力してください。例: /briefing search ランサムウェア", "Type what to look for. Example: /briefing search ransomware")
	case utf8.RuneCountInString(words) > maxQueryRunes:
		return nil, mistake("検索の言葉が長すぎます（%d 文字まで）。", "That is too long to search for (at most %d characters).", maxQueryRunes)
	}
	first := (page - 1) * hitsPerPage
	hits, total := r.opts.Library.SearchPage(words, first, hitsPerPage)
	switch {
	case total == 0:
		return nil, mistake("「%s」は見つかりませんでした。", "Nothing was found for “%s”.", words)
	case len(hits) == 0:
		return nil, mistake("%d ページ目はありません（全 %d 件）。", "There is no page %d (%d hits).", page, total)
	}
	doc := Document{
		Title{Text: fmt.Sprintf(in(req.Language, "「%s」の検索結果", "Results for “%s”"), words)},
		Note{plain(fmt.Sprintf(in(req.Language, "%d 件中 %d〜%d 件目・新しい順", "%d hits, %d to %d, newest first"), total, first+1, first+len(hits)))},
	}
	var options []Option
	for _, h := range hits {
		doc = append(doc,
			ListItem{Marker: "-", Spans: []Span{{Text: string(h.Date) + " "}, {Text: h.Heading, Strong: true, URL: PageURL(r.opts.PublicURL, h.Date, h.Anchor)}}},
			Note{plain(h.Snippet)})
		options = append(options, opening(h.Date, h.Line, string(h.Date)+" "+h.Heading))
	}
	doc = append(doc, menus(in(req.Language, "📰 開いて読む", "📰 Open"), Action{Command: "briefing"}, options)...)
	if first+len(hits) < total {
		doc = append(doc, Buttons{{
			Label:  in(req.Language, "次のページ ▸", "Next page ▸"),
			Action: Action{Command: "briefing", Argument: fmt.Sprintf("search %s page %d", words, page+1)},
		}})
	}
	return doc, nil
}

// maxPage is further than anybody turns pages.
const maxPage = 10_000

// cutPage parts "words page 2"; the page is 1 where none is named.
func cutPage(text string) (words string, page int) {
	text = strings.TrimSpace(text)
	i := strings.LastIndex(text, " page ")
	if i < 0 {
		return text, 1
	}
	n, err := strconv.Atoi(text[i+len(" page "):])
	if err != nil || n < 1 || n > maxPage {
		return text, 1
	}
	return strings.TrimSpace(text[:i]), n
}
