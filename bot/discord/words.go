package discord

import "cyberbrief/briefing"

// phrase is one of the few things that this package says itself.
type phrase int

const (
	saysBusy phrase = iota
	saysNotHere
	saysShared
	saysSorry
	saysForgotten
	saysSlow
	saysRetracted
)

func (p phrase) in(lang briefing.Language) string {
	said := [...]struct{ ja, en string }{
		saysBusy:      {"⚠️ いま混み合っています。少し待ってからもう一度お試しください。", "⚠️ Too busy just now. Please try again in a while."},
		saysNotHere:   {"このコマンドはサーバーのチャンネルで使えます。", "This command works in the channels of a server."},
		saysShared:    {"✅ チャンネルに共有しました。", "✅ Shared to the channel."},
		saysSorry:     {"⚠️ いま処理できませんでした。しばらくしてからもう一度お試しください。", "⚠️ That did not work just now. Please try again in a while."},
		saysForgotten: {"このボタンはもう使えません。コマンドを入力してください。", "This button no longer works. Please type the command."},
		saysRetracted: {"（取り消しました）", "(retracted)"},
		saysSlow:      {"⚠️ 今は設定画面を開けません。しばらくしてからもう一度お試しください。", "⚠️ The form cannot be opened just now. Please try again in a while."},
	}[p]
	if lang == briefing.English {
		return said.en
	}
	return said.ja
}
