package delivery_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"cyberbrief/bot"
	"cyberbrief/bot/delivery"
	"cyberbrief/briefing"
)

// japanese says that there is something to read for people who read nothing
// else.
func japanese(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) })
}

// saidReasons are the texts in this package's source that become the reason
// of a slot.
func saidReasons(t *testing.T) (found []string) {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	said := func(e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if text, err := strconv.Unquote(lit.Value); err == nil && text != "" {
					found = append(found, text)
				}
			}
			return true
		})
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if name, ok := n.Fun.(*ast.SelectorExpr); ok && (name.Sel.Name == "giveUp" || name.Sel.Name == "later" || name.Sel.Name == "wait") {
					said(n.Args[min(1, len(n.Args)-1)])
				}
				if name, ok := n.Fun.(*ast.Ident); ok && name.Name == "with" {
					said(n.Args[0])
				}
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && (key.Name == "reason" || key.Name == "Reason") {
					said(n.Value)
				}
			case *ast.AssignStmt:
				if field, ok := n.Lhs[len(n.Lhs)-1].(*ast.SelectorExpr); ok && field.Sel.Name == "Reason" {
					said(n.Rhs[len(n.Rhs)-1])
				}
			}
			return true
		})
	}
	return found
}

// TestEveryReasonHasWords: whatever the bot itself says of a slot is said in
// Japanese too.
func TestEveryReasonHasWords(t *testing.T) {
	t.Parallel()
	said := saidReasons(t)
	if len(said) < 20 {
		t.Fatalf("found only %q", said)
	}
	for _, reason := range said {
		reason = strings.ReplaceAll(reason, "%v", "")
		if got := bot.ReasonWords(reason, briefing.Japanese); !japanese(got) {
			t.Errorf("%q is said as %q", reason, got)
		}
	}
}

// TestStatusOfAmendments: what becomes of a post is said in its status.
func TestStatusOfAmendments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		run    func(*world, delivery.SlotKey)
		state  string
		reason string
		words  string
	}{
		{"correcting", func(w *world, key delivery.SlotKey) {
			w.library.put(digest, "eins")
			w.platform.amend = onAmend("edit", 1, 1, fail(bot.Transient, "http 503"))
			_ = w.deliverer().Revise(w.Context(), key)
		}, "posted", "a correction is being shown: http 503", "訂正を反映しています: プラットフォームの障害です（http 503）"},
		{"given up", func(w *world, key delivery.SlotKey) {
			w.library.put(digest, "eins")
			w.platform.amend = onAmend("edit", 0, always, fail(bot.Payload, "invalid_blocks"))
			w.work(w.deliverer().Revise, key)
		}, "posted", "the correction is not shown: refused: invalid_blocks", "訂正を反映できませんでした: プラットフォームが内容を受け付けません: 内容の形式が受け付けられません（invalid_blocks）"},
		{"enough for today", func(w *world, key delivery.SlotKey) {
			for _, story := range []string{"a", "b", "c", "d"} {
				w.library.put(digest, story)
				w.work(w.deliverer().Revise, key)
			}
		}, "posted", "a newer edition is shown tomorrow: three corrections a day are enough", "今日は 3 回訂正したため、次の訂正は明日反映します"},
		{"asked to retract", func(w *world, key delivery.SlotKey) { w.retract("") }, "posted", "being retracted", "投稿を削除しています"},
		{"retracting", func(w *world, key delivery.SlotKey) {
			w.retract("")
			w.platform.amend = onAmend("delete", 0, always, fail(bot.ChannelGone, "not_in_channel"))
			for range 2 {
				_ = w.deliverer().Remove(w.Context(), key)
				time.Sleep(2 * time.Second)
			}
		}, "posted", "being retracted: not_in_channel", "投稿を削除しています: ボットがチャンネルにいません。招待してください（not_in_channel）"},
		{"not to its end", func(w *world, key delivery.SlotKey) {
			w.retract("")
			w.platform.amend = onAmend("delete", 1, always, fail(bot.MessageKept, "cant_delete_message"))
			w.work(w.deliverer().Remove, key)
		}, "posted", "retracted, but not everything: the platform does not let the bot remove a message: cant_delete_message",
			"投稿を取り消しましたが、残ったものがあります: 削除できないメッセージがあります: 削除が認められていません（cant_delete_message）"},
		{"retracted", func(w *world, key delivery.SlotKey) {
			w.retract("")
			w.work(w.deliverer().Remove, key)
		}, "posted", "retracted", "投稿を取り消しました"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, bot.Slack)
				key := w.posted("one")
				tt.run(w, key)
				board := &delivery.StatusBoard{Board: w.store.Ledger(), Library: w.library, Clock: time.Now}
				all, err := board.Status(t.Context(), "")
				if err != nil || len(all) != 1 || all[0].Slot.State != tt.state || all[0].Slot.Reason != tt.reason {
					t.Fatalf("status %+v, %v", all, err)
				}
				if got := bot.ReasonWords(all[0].Slot.Reason, briefing.Japanese); got != tt.words {
					t.Errorf("said as %q, want %q", got, tt.words)
				}
			})
		})
	}
}

// TestStatusOfARetractionMidway: a slot that is retracted before anything was
// posted says so too.
func TestStatusOfARetractionMidway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, bot.Slack)
		w.open("one")
		w.retract("")
		board := &delivery.StatusBoard{Board: w.store.Ledger(), Library: w.library, Clock: time.Now}
		all, err := board.Status(t.Context(), "")
		if err != nil || len(all) != 1 || all[0].Slot.State != "due" || all[0].Slot.Reason != "being retracted" {
			t.Errorf("status %+v, %v", all, err)
		}
	})
}
