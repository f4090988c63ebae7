package bot

import (
	"fmt"
	"time"

	"cyberbrief/briefing"
)

// CorrectionNote is what is said in the thread of a post whose digest was
// revised, where the post itself can no longer be changed. at is when the
// correction was read, in the channel's zone; base is the address of the
// bot's own pages, empty where there are none.
func CorrectionNote(digest briefing.Date, lang briefing.Language, base string, at time.Time) Document {
	said := fmt.Sprintf(in(lang,
		"📝 更新 %s: このまとめは訂正されました。上の投稿は書き換えられないため、訂正後の内容は",
		"📝 updated %s: this briefing was corrected. The post above cannot be changed; the corrected text is at "),
		at.Format("15:04"))
	where := Span{Text: "/briefing " + string(digest), Code: true}
	if page := PageURL(base, digest, ""); page != "" {
		where = Span{Text: in(lang, "このページ", "this page"), URL: page}
	}
	return Document{Prose{[]Span{{Text: said}, where, {Text: in(lang, " をご覧ください。", ".")}}}}
}
