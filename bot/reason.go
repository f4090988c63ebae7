package bot

import (
	"strings"

	"cyberbrief/briefing"
)

// saying is what a platform's code says to people.
type saying struct{ ja, en string }

// codes are the words of platforms that admins meet, told with what to do.
// Others are shown as they are.
var codes = map[string]saying{
	PausedByAdmin:                              {"管理者が停止しました", "by an admin"},
	"not_in_channel":                           {"ボットがチャンネルにいません。招待してください", "the bot is not in the channel: invite it"},
	"channel_not_found":                        {"チャンネルが見つからないか、ボットが招待されていません", "there is no such channel, or the bot was not invited"},
	"is_archived":                              {"チャンネルがアーカイブされています", "the channel is archived"},
	"restricted_action":                        {"このチャンネルへの投稿が制限されています", "posting to the channel is restricted"},
	"restricted_action_read_only_channel":      {"このチャンネルは閲覧専用です", "the channel is read-only"},
	"cannot_reply_to_message":                  {"このメッセージには返信できません", "the message takes no replies"},
	"restricted_action_non_threadable_channel": {"このチャンネルではスレッドを使えません", "the channel has no threads"},
	"restricted_action_thread_locked":          {"スレッドがロックされています", "the thread is locked"},
	"no_permission":                            {"ボットに権限がありません", "the bot lacks a permission"},
	"missing_scope":                            {"ボットの権限（スコープ）が足りません", "the bot lacks a scope"},
	"invalid_auth":                             {"トークンが無効です", "the token is not valid"},
	"not_allowed_token_type":                   {"トークンの種類が違います", "the token is of the wrong kind"},
	"token_revoked":                            {"トークンが取り消されました", "the token was revoked"},
	"token_expired":                            {"トークンの期限が切れました", "the token has expired"},
	"account_inactive":                         {"ボットがワークスペースから削除されました", "the bot was removed from the workspace"},
	"message_limit_exceeded":                   {"ワークスペースの投稿数の上限に達しました", "the workspace has reached its limit of messages"},
	"ratelimited":                              {"投稿が多すぎるため待っています", "too many messages: waiting as the platform asks"},
	"invalid_blocks":                           {"内容の形式が受け付けられません", "the form of the message is refused"},
	"timeout":                                  {"プラットフォームから応答がありません", "the platform gave no answer"},
	"cant_delete_message":                      {"削除が認められていません", "removing is not allowed"},
	"cant_update_message":                      {"編集が認められていません", "editing is not allowed"},
	"edit_window_closed":                       {"編集できる期間が終わりました", "the time for editing is over"},
	"http 401":                                 {"トークンが無効です", "the token is not valid"},
	"http 429":                                 {"投稿が多すぎるため待っています", "too many messages: waiting as the platform asks"},
	"http 500":                                 {"プラットフォームの障害です", "the platform is in trouble"},
	"http 502":                                 {"プラットフォームの障害です", "the platform is in trouble"},
	"http 503":                                 {"プラットフォームの障害です", "the platform is in trouble"},
	"http 504":                                 {"プラットフォームの障害です", "the platform is in trouble"},
	"10003":                                    {"チャンネルが見つかりません", "there is no such channel"},
	"10004":                                    {"サーバーが見つかりません", "there is no such server"},
	"30046":                                    {"古い投稿の編集が多すぎるため待っています", "too many edits of old messages: waiting as the platform asks"},
	"40001":                                    {"トークンが無効です", "the token is not valid"},
	"50001":                                    {"ボットがチャンネルを見られません。権限を確かめてください", "the bot cannot see the channel: check its permissions"},
	"50013":                                    {"ボットに権限がありません。権限を確かめてください", "the bot lacks a permission: check them"},
	"no_thread_permission":                     {"ボットがスレッドに投稿できません。チャンネルで Create Public Threads と Send Messages in Threads を許してください", "the bot may not post in threads: give it Create Public Threads and Send Messages in Threads in the channel"},
	"50024":                                    {"この種類のチャンネルではスレッドを使えません", "a channel of this kind has no threads"},
	"50083":                                    {"スレッドが閉じられていて、変更できません", "the thread is closed and cannot be changed"},
	"160005":                                   {"スレッドがロックされています", "the thread is locked"},
	"50035":                                    {"内容の形式が受け付けられません", "the form of the message is refused"},
}

// The bot's own words stand in the ledger in English. headsJA are those that
// something follows, sayingsJA whole ones.
var (
	headsJA = []struct{ head, ja string }{
		{"paused: ", "停止中: "},
		{"doubtful: ", "投稿できたか確かめられません: "},
		{"refused: ", "プラットフォームが内容を受け付けません: "},
		{"incomplete: ", "一部だけ投稿されました: "},
		{"platform stopped: ", "プラットフォームがボットを受け付けません: "},
		{"cannot be rendered: ", "投稿の形にできません: "},
		{"note cannot be rendered: ", "訂正のお知らせを投稿の形にできません: "},
		{"time zone: ", "タイムゾーンが分かりません: "},
		{"being retracted: ", "投稿を削除しています: "},
		{"retracted, but not everything: ", "投稿を取り消しましたが、残ったものがあります: "},
		{"a correction is being shown: ", "訂正を反映しています: "},
		{"the correction is not shown: ", "訂正を反映できませんでした: "},
		{"the platform does not let the bot remove a message: ", "削除できないメッセージがあります: "},
		{"there is no new digest yet; waiting until ", "新しいまとめを待っています。期限 "},
	}
	sayingsJA = map[string]string{
		"the first slot of this channel is still to come":                "このチャンネルの最初の配信はこれからです",
		"a digest is ready; the bot posts it within a minute if it runs": "まとめがあります。ボットが動いていれば 1 分以内に投稿します",
		"delivery has not begun":                                         "配信の順番を待っています",
		"no new digest came before the end of the window":                "受付時間内に新しいまとめが届きませんでした",
		"the window has ended":                                           "投稿できる時間が終わりました",
		"the window ended":                                               "投稿できる時間が終わりました",
		"the bot was not running":                                        "ボットが動いていませんでした",
		"the channel was removed":                                        "チャンネルが配信先から外されました",
		"removed by people":                                              "投稿は人の手で削除されました",
		"retracted":                                                      "投稿を取り消しました",
		"being retracted":                                                "投稿を削除しています",
		"the correction is not shown":                                    "訂正を反映できませんでした",
		"a correction is being shown":                                    "訂正を反映しています",
		"a newer edition is shown tomorrow: three corrections a day are enough": "今日は 3 回訂正したため、次の訂正は明日反映します",
		"too long ago":                      "投稿から 48 時間を過ぎました",
		"digest is not there":               "まとめがまだ届いていないか、取り下げられました",
		"cannot be rendered":                "投稿の形にできません",
		"cannot read history":               "チャンネルの履歴を読めません。読む権限を付けてください",
		"ledger":                            "データベースに書き込めません",
		"archive":                           "まとめの保管庫を読めません",
		"its turn has not come":             "投稿の順番を待っています",
		"out of time":                       "まもなく続けます",
		"interrupted":                       "途中で止まりました。まもなく続けます",
		"an older slot is not settled":      "前の回の配信を待っています",
		"a briefing that is due goes first": "新しい配信を先に投稿します",
		"platform is not set up":            "このプラットフォームのトークンが設定されていません",
		"the platform edits no messages":    "このプラットフォームでは編集できません",
		"the platform removes no messages":  "このプラットフォームでは削除できません",
	}
)

// ReasonWords says in a person's words what a reason of ChannelStatus or
// SlotStatus means, with the platform's code where there is one.
func ReasonWords(reason string, lang briefing.Language) string {
	if said, known := codes[reason]; known {
		return in(lang, said.ja+"（"+reason+"）", said.en+" ("+reason+")")
	}
	if said, known := sayingsJA[reason]; known {
		return in(lang, said, reason)
	}
	for _, h := range headsJA {
		if rest, ok := strings.CutPrefix(reason, h.head); ok {
			return in(lang, h.ja, h.head) + ReasonWords(rest, lang)
		}
	}
	return reason
}
