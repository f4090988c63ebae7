package bottest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"cyberbrief/bot"
)

// Live is what a platform's own reading of a message finds in it that is not
// text. It is read anew here, from what the vendors say of their mark-up and
// with no help of the bot's renderers, and rather too much than too little
// counts: two marks that could style what stands between them do.
type Live struct {
	// Pings name people, groups, channels or commands; notifying or not.
	Pings []string
	Links []LiveLink
	// Marks are the kinds of mark-up that run.
	Marks map[string]bool
	// Hidden are characters that nobody sees or that turn text around.
	Hidden []string
}

// LiveLink is a link as people see it.
type LiveLink struct{ Label, URL string }

func (l *Live) mark(kind string) {
	if l.Marks == nil {
		l.Marks = map[string]bool{}
	}
	l.Marks[kind] = true
}

// Wrong says what in l a document does not ask for: pings, mark-up that plain
// text in the same place does not have, links to other places than the
// document's own, labels that tell another place, and hidden characters.
func (l Live) Wrong(plain Live, own bot.Post) []string {
	var wrong []string
	for _, p := range l.Pings {
		wrong = append(wrong, fmt.Sprintf("ping %q", p))
	}
	for _, kind := range slices.Sorted(maps.Keys(l.Marks)) {
		if !plain.Marks[kind] {
			wrong = append(wrong, "mark-up runs: "+kind)
		}
	}
	for _, h := range l.Hidden {
		wrong = append(wrong, "hidden "+h)
	}
	hosts := hostsOf(own)
	for _, link := range l.Links {
		u, err := url.Parse(link.URL)
		switch {
		case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil:
			wrong = append(wrong, fmt.Sprintf("odd link %q", link.URL))
		case !hosts[strings.ToLower(u.Hostname())]:
			wrong = append(wrong, fmt.Sprintf("link %q is not the document's", link.URL))
		case forged(link.Label, u.Hostname()):
			wrong = append(wrong, fmt.Sprintf("link %q is labelled %q", link.URL, link.Label))
		}
	}
	return wrong
}

// forged says whether a label tells a place of the payloads, and not the one
// that it leads to. A name among other words tells what a title is about
// (Booking.com のデータ漏えい), unless it is dressed as an address.
func forged(label, host string) bool {
	label = strings.ToLower(norm.NFKC.String(label))
	if strings.Contains(label, strings.ToLower(host)) {
		return false
	}
	words := strings.Fields(label)
	return slices.ContainsFunc(words, func(word string) bool {
		told := strings.Contains(word, "bank.example") || strings.Contains(word, "evil.example")
		return told && (len(words) == 1 || addressed.MatchString(word))
	})
}

// addressed is what makes an address of a name in any sentence.
var addressed = regexp.MustCompile(`[/\\]{2}|https?:|ftp:|mailto:`)

// hostsOf are the hosts that a post's own http and https addresses lead to.
func hostsOf(p bot.Post) map[string]bool {
	hosts := map[string]bool{}
	add := func(address string) {
		u, err := url.Parse(strings.TrimSpace(address))
		if err != nil || u.Scheme != "http" && u.Scheme != "https" {
			return
		}
		host := u.Hostname()
		if ascii, err := idna.Lookup.ToASCII(host); err == nil {
			host = ascii
		}
		hosts[strings.ToLower(host)] = true
	}
	for _, b := range append(append(bot.Document{}, p.Parent...), p.Thread...) {
		for _, s := range blockSpans(b) {
			add(s.URL)
		}
		if row, ok := b.(bot.Buttons); ok {
			for _, button := range row {
				add(button.URL)
			}
		}
	}
	return hosts
}

// blockSpans are the spans of a block, of a title or heading one.
func blockSpans(b bot.Block) []bot.Span {
	switch b := b.(type) {
	case bot.Title:
		return []bot.Span{{Text: b.Text, URL: b.URL}}
	case bot.Heading:
		return []bot.Span{{Text: b.Text, URL: b.URL}}
	case bot.Prose:
		return b.Spans
	case bot.Point:
		return append(append([]bot.Span{}, b.Spans...), b.Note...)
	case bot.ListItem:
		return append([]bot.Span{{Text: b.Marker}}, b.Spans...)
	case bot.CodeText:
		return []bot.Span{{Text: b.Text}}
	case bot.QuoteText:
		return b.Spans
	case bot.Note:
		return b.Spans
	}
	return nil
}

// unseen are the fields of payloads that no client shows.
var unseen = map[string]bool{"value": true, "custom_id": true, "action_id": true, "argument": true}

// HiddenIn finds hidden characters in the strings of a JSON body.
func HiddenIn(body []byte) []string {
	if !utf8.Valid(body) {
		return []string{"bytes that are no UTF-8"}
	}
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return []string{err.Error()}
	}
	return hiddenBelow(v)
}

func hiddenBelow(v any) []string {
	var found []string
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			found = append(found, hiddenBelow(e)...)
		}
	case map[string]any:
		for name, e := range v {
			if !unseen[name] {
				found = append(found, hiddenBelow(e)...)
			}
		}
	case string:
		return HiddenInText(v)
	}
	return found
}

// HiddenInText finds in a text what shows nothing or moves other characters:
// all controls but line breaks and tabs, format characters but joiners inside
// emoji, private use, and more marks on a letter than any script has.
func HiddenInText(s string) []string {
	var found []string
	marks, last := 0, ' '
	for _, r := range s {
		switch {
		case r == '\n' || r == '\t':
		case r == '\u200D' && last > 0x2000 && !unicode.IsLetter(last):
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
			found = append(found, fmt.Sprintf("%U", r))
		}
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if marks > 6 {
			found = append(found, "pile of marks")
			marks = 0
		}
		last = r
	}
	return found
}
