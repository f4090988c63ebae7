package discord

import (
	"context"
	"net/http"

	"cyberbrief/bot"
)

// Notify posts a message to a user; see delivery.Notifier. The conversation
// with them is opened first, which does no harm if it is there. Users can
// refuse messages of bots.
// https://discord.com/developers/docs/resources/user#create-dm
func (d *Discord) Notify(ctx context.Context, to bot.Target, m bot.Message) error {
	var conversation identified
	err := d.api.do(ctx, request{
		method: http.MethodPost,
		path:   "users/@me/channels",
		body: struct {
			Recipient string `json:"recipient_id"`
		}{to.Channel},
	}, &conversation)
	if err != nil {
		return err
	}
	to.Channel = conversation.ID
	_, err = d.Send(ctx, to, m)
	return err
}
