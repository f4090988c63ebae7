package bot

import (
	"fmt"
	"slices"

	"cyberbrief/briefing"
)

// Paused is a channel that its platform refuses, and the code it refuses with.
type Paused struct {
	Ref  Ref
	Code string
}

// maxNamed is how many channels a notice names: they fit into one message.
const maxNamed = 20

// PauseNotice tells an admin that channels get no briefings any more, since
// the platform refuses the bot there, and what can be done.
func PauseNotice(lang briefing.Language, paused []Paused) Document {
	doc := Document{Prose{plain(in(lang,
		"⏸️ 次のチャンネルへの配信を止めました。投稿が受け付けられません。",
		"⏸️ Posting to these channels is paused: the platform does not let the bot."))}}
	named := paused[:min(len(paused), maxNamed)]
	for _, code := range codesOf(named) {
		doc = append(doc, Prose{[]Span{{Text: in(lang, "理由: ", "Reason: ")}, {Text: ReasonWords(code, lang)}}})
		for _, p := range named {
			if p.Code == code {
				doc = append(doc, ListItem{Marker: "-", Spans: []Span{channelName(p.Ref), {Text: " "}, {Text: p.Ref.String(), Code: true}}})
			}
		}
	}
	if more := len(paused) - len(named); more > 0 {
		doc = append(doc, Prose{plain(fmt.Sprintf(in(lang, "ほか %d チャンネル。%s で確認できます。", "And %d more: see %s."), more, "/briefing-admin status"))})
	}
	return append(doc, Prose{plain(fmt.Sprintf(in(lang,
		"ボットをチャンネルに招待するか、権限を確かめてから、%s で再開できます。ボットも一日に一度確かめ、投稿できるようになれば再開します。",
		"Invite the bot to the channel or check its permissions, and start again with %s. The bot looks once a day, too, and goes on when it can post."),
		"/briefing-admin resume"))})
}

// codesOf are the codes in the order in which they come.
func codesOf(paused []Paused) (codes []string) {
	for _, p := range paused {
		if !slices.Contains(codes, p.Code) {
			codes = append(codes, p.Code)
		}
	}
	return codes
}
