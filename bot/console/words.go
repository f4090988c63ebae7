package console

import (
	"fmt"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// words are what the page itself says, apart from messages.
type words struct {
	Title, Channels, Messages, Thread, Close, Back, Write, Reply, Send, NoScript, Skip, Menu string
	// Script is what the page's script says.
	Script scriptWords
}

// scriptWords reach the script as JSON; %s and %d are filled in there.
type scriptWords struct {
	Private    string            `json:"private"`
	Bot        string            `json:"bot"`
	You        string            `json:"you"`
	Edited     string            `json:"edited"`
	Replies    string            `json:"replies"`
	Today      string            `json:"today"`
	Yesterday  string            `json:"yesterday"`
	Live       string            `json:"live"`
	Lost       string            `json:"lost"`
	Thinking   string            `json:"thinking"`
	Unread     string            `json:"unread"`
	Fresh      string            `json:"fresh"`
	Empty      string            `json:"empty"`
	Failed     string            `json:"failed"`
	NotReady   string            `json:"notReady"`
	Gone       string            `json:"gone"`
	TooLong    string            `json:"tooLong"`
	NewMessage string            `json:"newMessage"`
	Yes        string            `json:"yes"`
	Commands   []describedAction `json:"commands"`
}

// describedAction is a command as the completion offers it.
type describedAction struct {
	Name string `json:"name"`
	Hint string `json:"hint"`
	Help string `json:"help"`
}

func wordsFor(lang briefing.Language) words {
	if lang == briefing.English {
		return english()
	}
	return japanese()
}

func japanese() words {
	return words{
		Title: "cyberbrief コンソール", Channels: "チャンネル", Messages: "メッセージ", Thread: "スレッド",
		Close: "スレッドを閉じる", Back: "戻る", Send: "送信", Menu: "チャンネル一覧", Skip: "入力欄へ移動",
		Write: "メッセージ、または / でコマンド", Reply: "スレッドに返信",
		NoScript: "このチャット画面には JavaScript が必要です。ブリーフィングは JavaScript なしでも読めます:",
		Script: scriptWords{
			Private: "あなただけに表示", Bot: "ボット", You: "あなた", Edited: "編集済み", Replies: "スレッド %d件",
			Today: "今日", Yesterday: "昨日", Live: "接続中", Lost: "再接続しています…", Thinking: "調べています…",
			Unread: "未読 %d 件", Fresh: "ここから新着", Empty: "まだメッセージはありません。/term と入力してみてください。",
			Failed: "送信できませんでした。もう一度お試しください。", NotReady: "ボットの準備ができていません。少し待ってからお試しください。",
			Gone: "この操作はもう使えません。", TooLong: "メッセージが長すぎます。", NewMessage: "新しいメッセージ ↓", Yes: "はい",
			Commands: []describedAction{
				{"term", "用語", "用語の意味を調べる"},
				{"briefing", "latest｜日付｜search 語", "ブリーフィングを読む、探す"},
				{"briefing-admin", "add｜list｜status …", "配信の設定(管理者)"},
			},
		},
	}
}

func english() words {
	return words{
		Title: "cyberbrief console", Channels: "Channels", Messages: "Messages", Thread: "Thread",
		Close: "Close the thread", Back: "Back", Send: "Send", Menu: "Channel list", Skip: "Skip to the message box",
		Write: "Message, or / for a command", Reply: "Reply in the thread",
		NoScript: "This chat page needs JavaScript. Briefings can be read without it:",
		Script: scriptWords{
			Private: "Only visible to you", Bot: "bot", You: "You", Edited: "edited", Replies: "Thread: %d",
			Today: "Today", Yesterday: "Yesterday", Live: "Connected", Lost: "Reconnecting…", Thinking: "Looking it up…",
			Unread: "%d unread", Fresh: "New", Empty: "No messages yet. Try typing /term.",
			Failed: "Not sent. Please try again.", NotReady: "The bot is not ready yet. Please try again in a moment.",
			Gone: "This can no longer be used.", TooLong: "The message is too long.", NewMessage: "New message ↓", Yes: "Yes",
			Commands: []describedAction{
				{"term", "WORD", "what a term means"},
				{"briefing", "latest | DATE | search WORDS", "read or search briefings"},
				{"briefing-admin", "add | list | status …", "where briefings go (admins)"},
			},
		},
	}
}

func guestName(n int, lang briefing.Language) string {
	if lang == briefing.English {
		return fmt.Sprintf("Guest %d", n)
	}
	return fmt.Sprintf("ゲスト%d", n)
}

// unknownCommand answers a command that does not exist, with ones that do.
func unknownCommand(name string, lang briefing.Language) bot.Document {
	say, try := "そのコマンドはありません: /", "使えるコマンド: "
	if lang == briefing.English {
		say, try = "There is no such command: /", "Commands: "
	}
	spans := []bot.Span{{Text: try}}
	for i, c := range typed() {
		if i > 0 {
			spans = append(spans, bot.Span{Text: " "})
		}
		spans = append(spans, bot.Span{Text: "/" + c, Code: true})
	}
	return bot.Document{bot.Prose{Spans: []bot.Span{{Text: say + name}}}, bot.Note{Spans: spans}}
}
