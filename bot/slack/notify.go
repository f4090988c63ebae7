package slack

import (
	"context"

	"cyberbrief/bot"
)

// Notify posts a message to a member; see delivery.Notifier. Slack takes the
// id of a member for that of the bot's conversation with them.
// https://docs.slack.dev/reference/methods/chat.postMessage/#app_home
func (s *Slack) Notify(ctx context.Context, to bot.Target, m bot.Message) error {
	_, err := s.Send(ctx, to, m)
	return err
}
