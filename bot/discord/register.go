package discord

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
)

// command is an entry of the list of commands that Discord shows.
// https://discord.com/developers/docs/interactions/application-commands#application-command-object
type command struct {
	Type                     int               `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations,omitempty"`
	Description              string            `json:"description,omitempty"`
	DescriptionLocalizations map[string]string `json:"description_localizations,omitempty"`
	Options                  []commandOption   `json:"options,omitempty"`
	// DefaultMemberPermissions only hides the command; who may give it is
	// asked in code, see isAdmin.
	DefaultMemberPermissions *string `json:"default_member_permissions"`
	Contexts                 []int   `json:"contexts,omitempty"`
	IntegrationTypes         []int   `json:"integration_types,omitempty"`
}

// The types of commands.
// https://discord.com/developers/docs/interactions/application-commands#application-command-object-application-command-types
const (
	commandTyped      = 1
	commandOfMessages = 3
)

type commandOption struct {
	Type                     int               `json:"type"`
	Name                     string            `json:"name"`
	NameLocalizations        map[string]string `json:"name_localizations,omitempty"`
	Description              string            `json:"description"`
	DescriptionLocalizations map[string]string `json:"description_localizations,omitempty"`
	Required                 bool              `json:"required,omitempty"`
	Autocomplete             bool              `json:"autocomplete,omitempty"`
	ChannelTypes             []int             `json:"channel_types,omitempty"`
	Options                  []commandOption   `json:"options,omitempty"`

	// before is the word that a person types before this argument on a
	// platform without named arguments.
	before string
}

// ja is a text in Japanese beside the default, English.
func ja(text string) map[string]string { return map[string]string{"ja": text} }

func (o commandOption) required() commandOption { o.Required = true; return o }

func text(name, nameJA, description, descriptionJA string) commandOption {
	return commandOption{Type: optionString, Name: name, NameLocalizations: ja(nameJA), Description: description, DescriptionLocalizations: ja(descriptionJA)}
}

// channel is a text or announcement channel.
func channel() commandOption {
	o := text("channel", "チャンネル", "The channel; this one if left out", "対象のチャンネル（省略するとここ）")
	o.Type, o.ChannelTypes = optionChannel, []int{channelText, channelAnnouncement}
	return o
}

func subcommand(name, description, descriptionJA string, options ...commandOption) commandOption {
	return commandOption{Type: optionSubcommand, Name: name, Description: description, DescriptionLocalizations: ja(descriptionJA), Options: options}
}

// commands is what the bot answers, as Discord shows it. The names of the
// commands are the same in every language, so that everybody on a server says
// the same word.
func commands() []command {
	word := text("word", "用語", "The word to explain; leave out for the newest ones", "調べる用語（省略すると新しい用語）")
	word.Autocomplete = true
	search := text("search", "検索", "Words to look for in the archive", "過去のまとめから探す言葉")
	search.before = "search"
	all := []command{
		{Name: "term", Description: "Explain a term of the briefings", DescriptionLocalizations: ja("用語の意味を調べる"), Options: []commandOption{word}},
		{Name: "briefing", Description: "Read a briefing, or search them all", DescriptionLocalizations: ja("まとめを読む・探す"), Options: []commandOption{
			text("date", "日付", "A date such as 2025-07-02, latest, or help", "2025-07-02 のような日付、latest、help"),
			search,
		}},
		{Name: "briefing-admin", Description: "Choose the channels that get briefings", DescriptionLocalizations: ja("配信チャンネルの設定（管理者）"),
			Options: adminCommands(), DefaultMemberPermissions: new(manageGuildDecimal)},
		// In the menu of a message, under Apps.
		{Name: "Look up a term", NameLocalizations: ja("用語を調べる"), Type: commandOfMessages},
	}
	for i := range all {
		all[i].Type = cmp.Or(all[i].Type, commandTyped)
		all[i].Contexts, all[i].IntegrationTypes = []int{0}, []int{0} // servers only
	}
	return all
}

func adminCommands() []commandOption {
	return []commandOption{
		subcommand("add", "Post to a channel every day", "チャンネルに毎日配信する", channel(),
			text("time", "時刻", "Local time, for example 08:30", "現地の時刻（例 08:30）"),
			text("zone", "タイムゾーン", "Time zone, for example Asia/Tokyo", "タイムゾーン（例 Asia/Tokyo）")),
		subcommand("remove", "Stop posting to a channel for good", "配信先から外す", channel()),
		subcommand("list", "Show the channels", "配信チャンネルの一覧"),
		subcommand("set", "Show or change the settings of a channel", "設定を見る・変える", channel(),
			text("setting", "設定", "For example days", "設定の名前（例 days）"),
			text("value", "値", "For example weekdays", "新しい値（例 weekdays）")),
		subcommand("pause", "Stop posting to a channel for a while", "配信を一時停止する", channel()),
		subcommand("resume", "Start posting again", "配信を再開する", channel()),
		subcommand("preview", "See what a channel would get", "次の配信を自分だけで見る", channel()),
		subcommand("retract", "Remove the posts of a digest", "投稿したまとめを削除する",
			text("date", "日付", "The date of the digest, for example 2025-07-02", "まとめの日付（例 2025-07-02）").required()),
		subcommand("test", "Post a test message to a channel", "テスト投稿をする", channel()),
		subcommand("log", "Who changed what", "だれが何を変えたか"),
		subcommand("status", "What was posted, what was not, and why", "配信の状況と理由"),
	}
}

// tableOf are the options of a command.
func tableOf(name string) []commandOption {
	for _, c := range commands() {
		if c.Name == name {
			return c.Options
		}
	}
	return nil
}

// registerWithin bounds the registration of the commands.
const registerWithin = time.Minute

// registerCommands tells Discord the commands, where it has others: an
// unchanged list is not written again. A failure is logged; the commands of
// the last time go on working.
func (d *Discord) registerCommands(ctx context.Context) error {
	inTime, cancel := context.WithTimeout(ctx, registerWithin)
	defer cancel()
	app, err := d.applicationID(inTime)
	if err == nil && !d.registered(inTime, app) {
		err = d.insist(inTime, request{method: http.MethodPut, path: "applications/" + url.PathEscape(app) + "/commands", body: commands()}, nil)
	}
	if err != nil && ctx.Err() == nil {
		d.log.Warn("commands not registered; was the bot invited with the scope applications.commands?", "error", err)
	}
	return err
}

// registered says whether Discord has exactly these commands.
func (d *Discord) registered(ctx context.Context, app string) bool {
	var have []command
	if err := d.api.get(ctx, "applications/"+url.PathEscape(app)+"/commands?with_localizations=true", &have); err != nil {
		return false
	}
	return reflect.DeepEqual(canonical(have), canonical(commands()))
}

// canonical is a list of commands as Discord would return it.
func canonical(cs []command) any {
	slices.SortFunc(cs, func(a, b command) int { return strings.Compare(a.Name, b.Name) })
	b, err := json.Marshal(cs)
	if err != nil {
		return nil
	}
	var v any
	if json.Unmarshal(b, &v) != nil {
		return nil
	}
	return v
}
