// Package config is what the operator says in the environment: one field a
// variable, with its default and its help text in the field's tags. Reading
// it finds every problem before anything starts, so that one look at the
// output is enough to put all of them right.
//
// Only cmd/cyberbrief imports this package; it maps the fields to the options
// of each package. Nothing of ours is imported here.
package config

import (
	"log/slog"
)

// Config is the environment, read. The tags are those of envconfig and the
// only table of the variables: Variables is made from them.
type Config struct {
	SlackBotToken      Secret `envconfig:"SLACK_BOT_TOKEN" desc:"bot token of the Slack app (xoxb-…); Slack is off without it"`
	SlackAppToken      Secret `envconfig:"SLACK_APP_TOKEN" desc:"app-level token (xapp-…): commands come through Socket Mode"`
	SlackSigningSecret Secret `envconfig:"SLACK_SIGNING_SECRET" desc:"signing secret: commands come as signed HTTP requests"`
	SlackAdmins        List   `envconfig:"SLACK_ADMINS" desc:"ids of Slack members who may use /briefing-admin, besides workspace admins and owners"`
	SlackAPIURL        URL    `envconfig:"SLACK_API_URL" desc:"another address of the Slack Web API, for tests"`

	DiscordToken         Secret `envconfig:"DISCORD_TOKEN" desc:"bot token of the Discord application; Discord is off without it"`
	DiscordApplicationID string `envconfig:"DISCORD_APPLICATION_ID" desc:"id of the Discord application; asked of Discord when empty"`
	DiscordPublicKey     string `envconfig:"DISCORD_PUBLIC_KEY" desc:"public key of the Discord application: interactions come as signed HTTP requests, not through the gateway"`
	DiscordAPIURL        URL    `envconfig:"DISCORD_API_URL" desc:"another address of the Discord API, for tests"`

	DigestSources      List     `envconfig:"DIGEST_SOURCES" desc:"where digests come from: folders, https://…{date}… templates, feed:https://… feeds; the built-in samples when empty"`
	DigestPoll         Duration `envconfig:"DIGEST_POLL" default:"1m" desc:"how often each source is looked at"`
	DigestLookback     Duration `envconfig:"DIGEST_LOOKBACK" default:"7d" desc:"how far back a template is asked for digests"`
	DigestAllowPrivate bool     `envconfig:"DIGEST_ALLOW_PRIVATE" default:"false" desc:"fetch digests from private and loopback addresses too"`

	DatabaseURL Secret `envconfig:"DATABASE_URL" default:"sqlite:cyberbrief.db" desc:"sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME"`

	Listen    string `envconfig:"LISTEN" default:"127.0.0.1:8080" desc:"address of the web pages and HTTP endpoints"`
	PublicURL URL    `envconfig:"PUBLIC_URL" desc:"address under which people reach the web pages; posts link to them when it is set"`
	APIToken  Secret `envconfig:"API_TOKEN" desc:"bearer token of POST /api/digests and login of /channels; both are off without it"`
	Console   bool   `envconfig:"CONSOLE" default:"false" desc:"serve the chat page /console"`

	PostTime     string   `envconfig:"POST_TIME" default:"08:30" desc:"time of day at which a new channel gets its briefing"`
	TimeZone     string   `envconfig:"TIME_ZONE" default:"Asia/Tokyo" desc:"time zone of a new channel, an IANA name"`
	PostDays     string   `envconfig:"POST_DAYS" default:"daily" desc:"days of a new channel: daily, weekdays, or a list such as mon,wed,fri"`
	SkipHolidays bool     `envconfig:"SKIP_HOLIDAYS" default:"false" desc:"a new channel gets nothing on Japanese public holidays and from 29 December to 3 January"`
	CatchUp      Duration `envconfig:"CATCH_UP" default:"4h" desc:"how long after its time a slot of a new channel stays open"`
	MaxAge       Days     `envconfig:"MAX_AGE" default:"3" desc:"how many days old a digest may be when it is posted; 0 for no limit"`
	Channels     List     `envconfig:"CHANNELS" desc:"channels subscribed at the start: slack:TEAM/CHANNEL, discord:GUILD/CHANNEL, console:NAME"`

	LogLevel  slog.Level `envconfig:"LOG_LEVEL" default:"info" desc:"debug, info, warn or error"`
	LogFormat string     `envconfig:"LOG_FORMAT" default:"text" desc:"text or json"`

	// wrong are the values that could not be read, for Validate to repeat.
	wrong Problems
}

// Load reads the environment through lookup (os.LookupEnv in production). A
// variable that is set but empty counts as not set, as .env files and compose
// leave them. The error is nil or Problems with every wrong value; the other
// fields are usable then.
func Load(lookup func(name string) (string, bool)) (Config, error) {
	var c Config
	c.wrong = c.read(lookup)
	c.wrong = append(c.wrong, c.checkValues()...)
	return c, c.wrong.errorOrNil()
}

// Validate says what keeps the bot from running: every wrong value, and every
// variable that misses the one it needs. It is nil or Problems.
func (c Config) Validate() error {
	return append(c.wrong[:len(c.wrong):len(c.wrong)], c.checkPairs()...).errorOrNil()
}
