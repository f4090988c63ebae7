package bot

import "cyberbrief/briefing"

// usage is one line of the help: how a command is typed and what it does.
type usage struct{ typed, ja, en string }

var usages = []usage{
	{"/term 能動的サイバー防御", "用語の意味を調べる", "explain a term"},
	{"/term", "新しい用語を見る", "show the newest terms"},
	{"/briefing latest", "最新のまとめを読む", "read the latest briefing"},
	{"/briefing 2025-07-02", "日付を選んでまとめを読む", "read the briefing of a day"},
	{"/briefing search ランサムウェア", "過去のまとめを検索する", "search the archive"},
	{"/briefing help", "この説明を見る", "show this help"},
	{"/briefing-admin add #channel 08:30 Asia/Tokyo", "配信チャンネルを追加する（管理者）", "add a channel (admins)"},
	{"/briefing-admin list", "配信チャンネルを一覧する（管理者）", "list the channels (admins)"},
	{"/briefing-admin set #channel", "設定を見る。ボタンで設定画面を開く（管理者）", "see the settings; a button opens a form (admins)"},
	{"/briefing-admin set #channel days weekdays", "設定を変える（管理者）", "change a setting (admins)"},
	{"/briefing-admin pause #channel", "配信を止める。resume で再開（管理者）", "stop posting; resume starts again (admins)"},
	{"/briefing-admin preview #channel", "届く内容を先に見る（管理者）", "see what a channel would get (admins)"},
	{"/briefing-admin retract 2025-07-02", "投稿したまとめを削除する（管理者）", "remove the posts of a digest (admins)"},
	{"/briefing-admin test #channel", "テスト投稿をする（管理者）", "post a test message (admins)"},
	{"/briefing-admin log", "だれが何を変えたかを見る（管理者）", "who changed what (admins)"},
	{"/briefing-admin remove #channel", "配信先から外す（管理者）", "remove a channel (admins)"},
	{"/briefing-admin status", "配信の状況と理由を見る（管理者）", "what was posted, what was not, and why (admins)"},
}

// help lists all commands with examples.
func (r *Router) help(lang briefing.Language) Document {
	doc := Document{Title{Text: in(lang, "コマンドの使い方", "Commands")}}
	for _, u := range usages {
		doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: u.typed, Code: true}, {Text: " " + in(lang, u.ja, u.en)}}})
	}
	return doc
}
