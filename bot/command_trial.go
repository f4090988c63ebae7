package bot

import (
	"context"
	"errors"

	"cyberbrief/briefing"
)

// Tester posts a test message. Implemented by bot/delivery.
type Tester interface {
	// Test posts TestMessage to the channel right away. It touches no slot.
	Test(context.Context, Ref, briefing.Language) error
}

// TestMessage is what a test posts.
func TestMessage(lang briefing.Language) Document {
	return Document{Prose{plain(in(lang,
		"🔔 cyberbrief のテスト投稿です。このチャンネルに投稿できます。",
		"🔔 A test by cyberbrief. It can post to this channel."))}}
}

// test is `test #c`: a short message now, and what became of it.
func (r *Router) test(ctx context.Context, req Request, text string) (Document, error) {
	ch, err := r.subscribedOnly(ctx, req, text)
	if err != nil {
		return nil, err
	}
	if err := r.opts.Tester.Test(ctx, ch.Ref, ch.Language); err != nil {
		r.opts.Logger.Warn("test message not posted", "channel", ch.Ref, "cause", err)
		return Document{Prose{plain(testFailure(ch.Ref, err).say(req.Language))}}, nil
	}
	doc := done(req, "✅ %s にテスト投稿をしました。", "✅ Posted a test message to %s.", ch.Ref)
	if ch.Paused {
		doc = append(doc, done(req, "⏸️ 配信は停止中です: %s。resume で再開できます。", "⏸️ Posting is paused: %s. Start it again with resume.", ReasonWords(ch.Reason, req.Language))...)
	}
	return doc, nil
}

// testFailure says what became of a test message that did not succeed.
func testFailure(ref Ref, err error) *userError {
	code := "error"
	if oe, ok := errors.AsType[*OutcomeError](err); ok {
		code = oe.Code
	}
	say := func(ja, en string) *userError {
		return mistake("❌ %s に投稿できませんでした: %s（"+ja+"）", "❌ Could not post to %s: %s ("+en+")", ref, code).(*userError)
	}
	switch ClassOf(err) {
	case ChannelGone:
		return say("チャンネルが受け付けません。ボットを招待し、権限を確かめてください", "the channel refuses the bot: invite it and check its permissions")
	case InstallationGone, Fatal:
		return say("トークンが受け付けられません", "the bot's token is refused")
	case Limited, Transient:
		return say("いまは受け付けられません。しばらくしてからお試しください", "not just now: try again in a while")
	case Doubtful, Unknown:
		return mistake("❓ %s に投稿できたか分かりません: %s。チャンネルを確かめてください。",
			"❓ Whether the message reached %s is not known: %s. Look in the channel.", ref, code).(*userError)
	}
	return say("拒否されました", "refused")
}
