package bot

import (
	"fmt"

	"cyberbrief/briefing"
)

// PauseNotice tells an admin that channels get no briefings any more, since
// the platform refuses the bot there with this code, and what can be done.
func PauseNotice(lang briefing.Language, code string, channels []Ref) Document {
	doc := Document{Prose{plain(in(lang,
		"⏸️ 次のチャンネルへの配信を止めました。投稿が受け付けられません。",
		"⏸️ Posting to these channels is paused: the platform does not let the bot."))}}
	for _, ref := range channels {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: ref.String(), Code: true}}})
	}
	return append(doc,
		Prose{[]Span{{Text: in(lang, "理由: ", "Reason: ")}, {Text: ReasonWords(code, lang)}}},
		Prose{plain(fmt.Sprintf(in(lang,
			"ボットをチャンネルに招待するか、権限を確かめてから、%s で再開できます。ボットも一日に一度確かめ、投稿できるようになれば再開します。",
			"Invite the bot to the channel or check its permissions, and start again with %s. The bot looks once a day, too, and goes on when it can post."),
			"/briefing-admin resume"))})
}
