package web

import (
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// words are what the pages themselves say, in one language.
type words struct {
	lang briefing.Language

	SiteTitle, Skip, Latest, Archive, Terms, Search, SearchHint, SearchGo, OtherLanguage, Navigation string
	KeyPoints, KeyPoint, InShort, Details, Source, Contents, DeepDive, More, Glossary, Outlook       string
	Conclusion, Citations, Vulnerabilities, Revised, Newer, Older, Pages                             string
	OtherNames, FirstSeen, LastSeen, Related, Meant                                                  string
	NoSuchTerm, TermCount, Hits, FoundPassages, SearchHelp, NoHits, Moved, FoundTerms, Feed          string
	History, Times, EarlierDays, SeveralTerms, FindTerm, TermHits, ByMonth, Instead                  string
	Health, Paused, Login, LoginHint, LogIn, LogOut, Token, WrongToken, TooManyAttempts              string
	Troubles, AllWell, AsOf, Reload, Channels, LastPost, ThisSlot, NextSlot, None, NoChannels        string
	DigestSources, SourceBroken, SourceFine, NewestDigest, LookedAt, Why, NoSources                  string
	RejectedFiles, NoRejected                                                                        string
	NotFound, NotFoundHint, Sorry, Wrong, NotUnderstood, NothingYet                                  string
}

var weekdaysJA = [...]string{"日", "月", "火", "水", "木", "金", "土"}

// Date writes a date as people do.
func (w words) Date(d briefing.Date) string {
	t := d.Time()
	if w.lang == briefing.English {
		return t.Format("Monday, 2 January 2006")
	}
	return fmt.Sprintf("%d年%d月%d日（%s）", t.Year(), t.Month(), t.Day(), weekdaysJA[t.Weekday()])
}

// Month writes the month of a date.
func (w words) Month(d briefing.Date) string {
	if w.lang == briefing.English {
		return d.Time().Format("January 2006")
	}
	return fmt.Sprintf("%d年%d月", d.Time().Year(), d.Time().Month())
}

// Short writes a date in a list.
func (w words) Short(d briefing.Date) string {
	if w.lang == briefing.English {
		return d.Time().Format("2 Jan 2006")
	}
	return fmt.Sprintf("%d年%d月%d日", d.Time().Year(), d.Time().Month(), d.Time().Day())
}

// Day writes the day within a month.
func (w words) Day(d briefing.Date) string {
	if w.lang == briefing.English {
		return d.Time().Format("Mon 2")
	}
	return fmt.Sprintf("%d日（%s）", d.Time().Day(), weekdaysJA[d.Weekday()])
}

// ShortMonth writes the month within its year.
func (w words) ShortMonth(d briefing.Date) string {
	if w.lang == briefing.English {
		return d.Time().Format("Jan")
	}
	return fmt.Sprintf("%d月", d.Time().Month())
}

// MonthNamed writes a month such as 2025-07.
func (w words) MonthNamed(month string) string { return w.Month(briefing.Date(month + "-01")) }

// DigestOf names the digest of a date.
func (w words) DigestOf(d briefing.Date) string {
	if w.lang == briefing.English {
		return "digest of " + string(d)
	}
	return string(d) + " のまとめ"
}

// ChannelState says how a channel stands.
func (w words) ChannelState(c bot.ChannelStatus) string {
	if c.State == "paused" {
		return w.Paused
	}
	return w.SlotState(c.Slot.State)
}

// Reason says why something is as it is.
func (w words) Reason(reason string) string { return bot.Clean(bot.ReasonWords(reason, w.lang)) }

// SlotState says how a slot stands.
func (w words) SlotState(state string) string { return bot.SlotStateWords(state, w.lang) }

// Size says how much there is to read.
func (w words) Size(stories, minutes int) string {
	if w.lang == briefing.English {
		return fmt.Sprintf("%d stories · %d min read", stories, minutes)
	}
	return fmt.Sprintf("ニュース %d 件 ・ 読了 約 %d 分", stories, minutes)
}

// Count fills a number into one of the words.
func (w words) Count(format string, n int) string { return fmt.Sprintf(format, n) }

func wordsFor(lang briefing.Language) words {
	if lang == briefing.English {
		return english()
	}
	return japanese()
}

func japanese() words {
	return words{
		lang:      briefing.Japanese,
		SiteTitle: "サイバーセキュリティ・ブリーフィング", Skip: "本文へ移動", Latest: "最新", Archive: "バックナンバー", Terms: "用語集",
		Search: "検索", SearchHint: "用語、ニュース、CVE 番号", SearchGo: "検索する", OtherLanguage: "English", Navigation: "サイト内の移動",
		KeyPoints: "主要ポイント", KeyPoint: "主要ポイント", InShort: "要約", Details: "詳細", Source: "出典", Contents: "目次", DeepDive: "深掘り", More: "そのほか",
		Glossary: "用語解説", Outlook: "今後の展望", Conclusion: "結論", Citations: "主要引用", Vulnerabilities: "脆弱性", Revised: "更新",
		Newer: "新しい日", Older: "前の日", Pages: "ページの移動",
		OtherNames: "別名", FirstSeen: "初出", LastSeen: "最新", Related: "関連する用語",
		Meant: "もしかして", NoSuchTerm: "「%s」はまだ用語集にありません", TermCount: "%d 語",
		Hits: "%d 件見つかりました", FoundPassages: "ニュースと記事", SearchHelp: "用語、ニュース、CVE 番号をさがせます。言葉を空白で区切ると、すべてを含むものをさがします。",
		NoHits:     "見つかりませんでした。言葉を減らすか、別の言い方でお試しください。",
		FoundTerms: "用語", Feed: "フィード",
		Moved:   "リンク先の見出しは見つかりません。訂正で改められたか、取り下げられたようです。目次からお探しください。",
		History: "掲載の履歴", Times: "%d 回", EarlierDays: "それより前の %d 回", SeveralTerms: "%d つの意味",
		FindTerm: "用語をさがす", TermHits: "%d 語見つかりました", ByMonth: "月で選ぶ", Instead: "近いブリーフィング",
		Health: "配信の状態", Paused: "停止中", Login: "運用者のログイン", LoginHint: "チャンネルごとの配信の状態は、運用者だけが見られます。",
		LogIn: "ログイン", LogOut: "ログアウト", Token: "API_TOKEN の値", WrongToken: "トークンが違います。",
		TooManyAttempts: "試行が多すぎます。少し待ってからやり直してください。",
		Troubles:        "確認が必要なものが %d 件あります", AllWell: "すべて正常です", AsOf: "確認時刻", Reload: "最新にする",
		Channels: "チャンネル", LastPost: "前回の配信", ThisSlot: "直近の予定", NextSlot: "次の予定", None: "なし",
		NoChannels: "チャンネルはまだありません。追加するには:", DigestSources: "まとめの入手元", SourceBroken: "読めません", SourceFine: "正常",
		NewestDigest: "最新のまとめ", LookedAt: "最後に見た時刻", Why: "理由", NoSources: "入手元はまだ見ていません。",
		RejectedFiles: "読めなかったファイル", NoRejected: "ありません。",
		NotFound: "ページが見つかりません", NotFoundHint: "アドレスが変わったか、ブリーフィングが取り下げられたのかもしれません。",
		Sorry: "表示できませんでした", Wrong: "こちらの不具合です。記録しましたので、しばらくしてからもう一度お試しください。",
		NotUnderstood: "アドレスの内容を読み取れませんでした。", NothingYet: "まだブリーフィングはありません。最初のものが届くと、ここに表示されます。",
	}
}

func english() words {
	return words{
		lang:      briefing.English,
		SiteTitle: "Cyber security briefing", Skip: "Skip to the text", Latest: "Latest", Archive: "Archive", Terms: "Terms",
		Search: "Search", SearchHint: "Terms, stories, CVE IDs", SearchGo: "Search", OtherLanguage: "日本語", Navigation: "Site",
		KeyPoints: "Key points", KeyPoint: "Key point", InShort: "In short", Details: "Details", Source: "Source", Contents: "Contents", DeepDive: "Deep dive", More: "More",
		Glossary: "Terms", Outlook: "Outlook", Conclusion: "Conclusion", Citations: "Citations", Vulnerabilities: "Vulnerabilities", Revised: "Updated",
		Newer: "Newer", Older: "Older", Pages: "Pages",
		OtherNames: "Other names", FirstSeen: "First seen", LastSeen: "Last seen", Related: "Related terms",
		Meant: "Did you mean", NoSuchTerm: "“%s” is not in the glossary yet", TermCount: "%d terms",
		Hits: "%d found", FoundPassages: "Stories", SearchHelp: "Finds terms, stories and CVE IDs. With several words, all must be there.",
		NoHits:     "Nothing was found. Try fewer or other words.",
		FoundTerms: "Terms", Feed: "Feed",
		Moved:   "The heading of this link is not here: a correction renamed it or took it out. Please see the contents.",
		History: "History", Times: "%d×", EarlierDays: "%d earlier days", SeveralTerms: "%d meanings",
		FindTerm: "Find a term", TermHits: "%d terms found", ByMonth: "By month", Instead: "Briefings nearby",
		Health: "Channels", Paused: "paused", Login: "Operator login", LoginHint: "How each channel stands is for the operator only.",
		LogIn: "Log in", LogOut: "Log out", Token: "The value of API_TOKEN", WrongToken: "That is not the token.",
		TooManyAttempts: "Too many attempts. Please wait a little before you try again.",
		Troubles:        "%d need a look", AllWell: "All is well", AsOf: "as of", Reload: "Reload",
		Channels: "Channels", LastPost: "Last post", ThisSlot: "This slot", NextSlot: "Next slot", None: "none",
		NoChannels: "There are no channels yet. To add one:", DigestSources: "Sources", SourceBroken: "cannot be read", SourceFine: "fine",
		NewestDigest: "Newest digest", LookedAt: "Looked at", Why: "Why", NoSources: "No source was looked at yet.",
		RejectedFiles: "Files that could not be read", NoRejected: "None.",
		NotFound: "Page not found", NotFoundHint: "The address may have changed, or the briefing was withdrawn.",
		Sorry: "This page cannot be shown", Wrong: "The fault is ours and has been noted. Please try again in a while.",
		NotUnderstood: "The address could not be understood.", NothingYet: "There is no briefing yet. The first one will appear here.",
	}
}
