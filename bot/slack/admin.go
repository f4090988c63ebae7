package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"cyberbrief/bot"
)

// IsAdmin asks Slack whether a member may administer the bot: an admin or
// owner of the workspace, or one that the operator named. Guests, people of
// other workspaces, bots and those who left never may, and neither may
// anyone whom Slack does not tell us about. Only where Slack never tells, since
// the app lacks the scope or the server the method, which it may say by an
// answer about nobody, the operator's word alone is enough.
func (s *Slack) IsAdmin(ctx context.Context, in bot.InstallationID, user string) (bool, error) {
	var answer struct {
		User struct {
			ID           string `json:"id"`
			TeamID       string `json:"team_id"`
			Deleted      bool   `json:"deleted"`
			Bot          bool   `json:"is_bot"`
			Admin        bool   `json:"is_admin"`
			Owner        bool   `json:"is_owner"`
			PrimaryOwner bool   `json:"is_primary_owner"`
			Guest        bool   `json:"is_restricted"`
			SingleGuest  bool   `json:"is_ultra_restricted"`
			Stranger     bool   `json:"is_stranger"`
		} `json:"user"`
	}
	named := slices.Contains(s.opts.Admins, user)
	err := s.api.call(ctx, "users.info", url.Values{"user": {user}}, &answer)
	aboutNobody := err == nil && answer.User.ID == ""
	if named && (untold(err) || aboutNobody) {
		s.log.Warn("slack does not say who this is; the operator named them as an admin", "user", user, "error", err)
		return true, nil
	} else if err != nil {
		return false, err
	}
	u := answer.User
	// An answer without a workspace is of the one that was asked.
	home := u.TeamID == "" || bot.Installation{Platform: bot.Slack, Tenant: u.TeamID}.ID() == in
	if u.ID != user || !home || u.Deleted || u.Bot || u.Guest || u.SingleGuest || u.Stranger {
		return false, nil
	}
	return u.Admin || u.Owner || u.PrimaryOwner || named, nil
}

// untold says that asking again would not help: the question itself is not
// known or not allowed.
func untold(err error) bool {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	return ok && slices.Contains([]string{"missing_scope", "unknown_method", emptyAnswer, statusCode(http.StatusNotFound)}, oe.Code)
}

// Check makes sure that the bot can post in a channel; it joins a public one
// that it is not in. The error says what to do, in both languages, since it
// is shown to whoever asked; unless Slack has definitely said no, it is a
// bot.ErrUnchecked.
func (s *Slack) Check(ctx context.Context, ref bot.Ref) error {
	outside, err := s.look(ctx, ref)
	if err != nil || !outside {
		return err
	}
	err = s.api.call(ctx, "conversations.join", url.Values{"channel": {ref.Channel}}, nil)
	if definite(err) {
		return advise(&bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel", Err: err})
	}
	return advise(err)
}

// Probe is Check without joining: people who removed the bot from a channel
// do not find it there again by itself.
func (s *Slack) Probe(ctx context.Context, ref bot.Ref) error {
	outside, err := s.look(ctx, ref)
	if err == nil && outside {
		err = advise(&bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"})
	}
	return err
}

// look asks whether the bot can post in a channel, at once or after it has
// joined a public one that it is outside of.
func (s *Slack) look(ctx context.Context, ref bot.Ref) (outside bool, err error) {
	in, err := s.Installation(ctx)
	if err != nil {
		return false, advise(err)
	}
	if ref.Installation != in {
		return false, advise(&bot.OutcomeError{Class: bot.ChannelGone, Code: "team_not_found", Err: fmt.Errorf("the token is for %s", in.ID())})
	}
	var answer struct {
		Channel struct {
			Archived bool `json:"is_archived"`
			Member   bool `json:"is_member"`
			Private  bool `json:"is_private"`
		} `json:"channel"`
	}
	if err := s.api.call(ctx, "conversations.info", url.Values{"channel": {ref.Channel}}, &answer); err != nil {
		return false, advise(err)
	}
	switch c := answer.Channel; {
	case c.Archived:
		return false, advise(&bot.OutcomeError{Class: bot.ChannelGone, Code: "is_archived"})
	case c.Private && !c.Member:
		return false, advise(&bot.OutcomeError{Class: bot.ChannelGone, Code: "not_in_channel"})
	default:
		return !c.Member, nil
	}
}

// definite says that Slack has answered, and that the answer is no.
func definite(err error) bool {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	return ok && (oe.Class == bot.ChannelGone || oe.Class == bot.InstallationGone || oe.Code == "not_allowed_token_type")
}

// advise adds to an error what a person can do about it.
func advise(err error) error {
	oe, ok := errors.AsType[*bot.OutcomeError](err)
	if !ok {
		return err
	}
	advised := *oe
	advised.Err = errors.New(advice(oe))
	if !definite(oe) {
		return fmt.Errorf("%w: %w", bot.ErrUnchecked, &advised)
	}
	return &advised
}

func advice(e *bot.OutcomeError) string {
	switch e.Code {
	case "not_in_channel":
		return "ボットがチャンネルにいません。チャンネルで /invite してください / the bot is not in the channel: /invite it there"
	case "channel_not_found":
		return "チャンネルが見つかりません。ID を確かめ、非公開ならボットを /invite してください / no such channel: check the id, and /invite the bot if it is private"
	case "is_archived":
		return "チャンネルはアーカイブ済みです。解除するか別のチャンネルを選んでください / the channel is archived: unarchive it or choose another"
	case "team_not_found":
		return "別のワークスペースのチャンネルです / the channel is in another workspace than the bot token"
	case "missing_scope":
		return fmt.Sprintf("アプリの権限が足りません / the app lacks a scope: %v", e.Err)
	}
	switch {
	case !definite(e):
		return "いま Slack に確認できません / Slack cannot be asked just now"
	case e.Class == bot.ChannelGone:
		return "Slack が拒否しました / Slack refused"
	}
	return "Slack がトークンを受け付けません / Slack refuses the token: check SLACK_BOT_TOKEN"
}
