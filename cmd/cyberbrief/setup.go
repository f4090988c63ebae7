package main

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"cyberbrief/bot/slack"
)

// setupCommand is `setup slack|discord`.
type setupCommand struct {
	Slack   setupSlackCommand   `cmd:"" help:"Print the app manifest to paste at api.slack.com/apps."`
	Discord setupDiscordCommand `cmd:"" help:"Print the URL that invites the bot to a server."`
}

// setupSlackCommand is `setup slack`.
type setupSlackCommand struct {
	PublicURL string `help:"Address of this bot, for signed HTTP instead of Socket Mode."`
}

// object is a JSON object whose shape Slack's manifest schema fixes.
type object map[string]any

// Run prints the manifest, with Socket Mode unless an address is given.
func (c setupSlackCommand) Run(e *environment) error {
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			return fmt.Errorf("--public-url %q: Slack calls HTTPS addresses only: give one such as https://bot.example.com", c.PublicURL)
		}
		c.PublicURL = strings.TrimRight(c.PublicURL, "/")
	}
	return printJSON(e.stdout, c.manifest())
}

// slackScopes are the names of the rights that the bot uses.
func slackScopes() []string {
	var names []string
	for _, s := range slack.Scopes() {
		names = append(names, s.Name)
	}
	return names
}

func (c setupSlackCommand) manifest() object {
	command := func(name, description, hint string) object {
		o := object{"command": name, "description": description, "usage_hint": hint, "should_escape": true}
		if c.PublicURL != "" {
			o["url"] = c.PublicURL + "/slack/commands"
		}
		return o
	}
	interactivity := object{"is_enabled": true}
	// The home tab is drawn when a member opens it.
	events := object{"bot_events": []string{"app_home_opened"}}
	if c.PublicURL != "" {
		interactivity["request_url"] = c.PublicURL + "/slack/interactions"
		events["request_url"] = c.PublicURL + "/slack/events"
	}
	return object{
		"display_information": object{
			"name":             "cyberbrief",
			"description":      "毎朝のサイバーセキュリティ・ブリーフィング",
			"background_color": "#1f3a5f",
		},
		"features": object{
			"bot_user": object{"display_name": "cyberbrief", "always_online": true},
			// The home tab, and where the bot tells an admin that a channel is
			// paused.
			"app_home": object{"home_tab_enabled": true, "messages_tab_enabled": true, "messages_tab_read_only_enabled": true},
			"shortcuts": []object{
				{"name": "用語を調べる", "type": "message", "callback_id": slack.LookUpShortcut, "description": "このメッセージにある用語の意味を見る"},
				{"name": "用語集で調べる", "type": "global", "callback_id": slack.SearchShortcut, "description": "サイバーセキュリティの用語を調べる"},
			},
			"slash_commands": []object{
				command("/term", "用語を調べる", "能動的サイバー防御"),
				command("/briefing", "まとめを読む・探す", "[latest|2025-07-02|search 言葉|help]"),
				command("/briefing-admin", "配信の設定（管理者）", "add #channel 08:30 Asia/Tokyo"),
			},
		},
		"oauth_config": object{"scopes": object{"bot": slackScopes()}},
		"settings": object{
			"event_subscriptions":    events,
			"interactivity":          interactivity,
			"org_deploy_enabled":     false,
			"socket_mode_enabled":    c.PublicURL == "",
			"token_rotation_enabled": false,
		},
	}
}

// setupDiscordCommand is `setup discord`.
type setupDiscordCommand struct {
	ApplicationID string `arg:"" optional:"" help:"The application's id, from discord.com/developers/applications; DISCORD_APPLICATION_ID when left out."`
}

// The permissions that the bot uses, as Discord numbers them:
// https://discord.com/developers/docs/topics/permissions
const (
	viewChannel           = 1 << 10
	sendMessages          = 1 << 11
	embedLinks            = 1 << 14
	readMessageHistory    = 1 << 16 // look for a post whose answer was lost
	createPublicThreads   = 1 << 35
	sendMessagesInThreads = 1 << 38

	discordPermissions = viewChannel | sendMessages | embedLinks | readMessageHistory | createPublicThreads | sendMessagesInThreads
)

// Run prints the invite URL.
func (c setupDiscordCommand) Run(e *environment) error {
	if c.ApplicationID == "" {
		c.ApplicationID, _ = e.lookup("DISCORD_APPLICATION_ID")
	}
	if _, err := strconv.ParseUint(c.ApplicationID, 10, 64); err != nil {
		return fmt.Errorf("application id %q: give the number on the application's General Information page, here or in DISCORD_APPLICATION_ID", c.ApplicationID)
	}
	query := url.Values{
		"client_id":   {c.ApplicationID},
		"scope":       {"bot applications.commands"},
		"permissions": {strconv.FormatInt(discordPermissions, 10)},
	}
	_, err := fmt.Fprintln(e.stdout, "https://discord.com/oauth2/authorize?"+query.Encode())
	return err
}
