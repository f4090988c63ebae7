package console

import (
	"context"
	"strings"

	"cyberbrief/bot"
)

// Diagnose says what the console shows. There is nobody to ask.
func (c *Console) Diagnose(context.Context) []bot.Finding {
	names := strings.Join(c.opts.Channels, ", ")
	f := bot.Finding{Check: "page", Grade: bot.OK, Text: "/console shows " + names}
	if !c.opts.Admins {
		f.Text += "; nobody is an admin there, for it knows no logins"
	}
	return []bot.Finding{f}
}
