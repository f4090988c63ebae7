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

// maxNamed is how many channels a notice names: they fit into one message, each
// for a reason of its own.
const maxNamed = 20

// PauseNotice tells an admin that channels get no briefings any more, since
// the platform refuses the bot there, and what can be done.
func PauseNotice(lang briefing.Language, paused []Paused) Document {
	doc := Document{Prose{[]Span{{Text: pauseTitle(lang, len(paused)), Strong: true}}}}
	named := paused[:min(len(paused), maxNamed)]
	for _, code := range codesOf(named) {
		doc = append(doc, Prose{[]Span{{Text: in(lang, "理由: ", "Reason: ")}, {Text: ReasonWords(code, lang), Strong: true}}})
		for _, p := range named {
			if p.Code == code {
				doc = append(doc, ListItem{Marker: "-", Spans: []Span{channelName(p.Ref), {Text: " "}, {Text: p.Ref.String(), Code: true}}})
			}
		}
	}
	if more := len(paused) - len(named); more > 0 {
		doc = append(doc, Prose{withCommand(fmt.Sprintf(in(lang, "ほか %d チャンネル。", "And %d more: see "), more),
			"/briefing-admin status", in(lang, " で確認できます。", "."))})
	}
	return append(doc, Prose{withCommand(
		in(lang, "ボットをチャンネルに招待するか、権限を確かめてから、", "Invite the bot to the channel or check its permissions, and start again with "),
		"/briefing-admin resume",
		in(lang, " で再開できます。ボットも一日に一度確かめ、投稿できるようになれば再開します。", ". The bot looks once a day, too, and goes on when it can post."))})
}

func pauseTitle(lang briefing.Language, n int) string {
	if n == 1 {
		return in(lang, "⏸️ チャンネルへの配信を止めました。投稿が受け付けられません。", "⏸️ Posting to a channel is paused: the bot is refused there.")
	}
	return fmt.Sprintf(in(lang, "⏸️ %d チャンネルへの配信を止めました。投稿が受け付けられません。", "⏸️ Posting to %d channels is paused: the bot is refused there."), n)
}

// withCommand is a sentence in which a command stands.
func withCommand(before, command, after string) []Span {
	return []Span{{Text: before}, {Text: command, Code: true}, {Text: after}}
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
