package config

import (
	"encoding/hex"
	"errors"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// checkValues looks at each variable by itself.
func (c *Config) checkValues() Problems {
	var ps Problems
	check := func(variable, value string, err error) {
		if err != nil {
			ps = ps.add(variable, value, err.Error())
		}
	}
	for name, s := range c.secrets() {
		check(name, "", checkSecret(s))
	}
	check("DATABASE_URL", "", checkDatabase(c.DatabaseURL.Reveal()))
	check("DISCORD_PUBLIC_KEY", c.DiscordPublicKey, checkPublicKey(c.DiscordPublicKey))
	for _, s := range c.DigestSources {
		check("DIGEST_SOURCES", s, checkSource(s))
	}
	check("LISTEN", c.Listen, checkListen(c.Listen))
	check("POST_TIME", c.PostTime, checkTime(c.PostTime))
	check("TIME_ZONE", c.TimeZone, checkZone(c.TimeZone))
	check("POST_DAYS", c.PostDays, checkDays(c.PostDays))
	check("CATCH_UP", c.CatchUp.String(), checkCatchUp(c.CatchUp.Duration))
	for _, ref := range c.Channels {
		check("CHANNELS", ref, checkRef(ref))
	}
	check("LOG_FORMAT", c.LogFormat, checkLogFormat(c.LogFormat))
	return ps
}

// checkPairs looks at variables that need each other, or were swapped.
func (c *Config) checkPairs() Problems {
	var ps Problems
	missing := func(variable, message string) { ps = append(ps, Problem{Variable: variable, Message: message}) }
	if c.SlackBotToken == "" {
		if c.SlackAppToken != "" {
			missing("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN is set, so the bot token (xoxb-…) is needed too")
		}
		if c.SlackSigningSecret != "" {
			missing("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET is set, so the bot token (xoxb-…) is needed too")
		}
	}
	// The tokens of a Slack app stand on two pages and are easily swapped.
	if strings.HasPrefix(c.SlackBotToken.Reveal(), "xapp-") {
		missing("SLACK_BOT_TOKEN", "this is the app-level token (xapp-…): set SLACK_APP_TOKEN to it, and this to the bot token (xoxb-…)")
	}
	if strings.HasPrefix(c.SlackAppToken.Reveal(), "xoxb-") {
		missing("SLACK_APP_TOKEN", "this is the bot token (xoxb-…): set SLACK_BOT_TOKEN to it, and this to the app-level token (xapp-…)")
	}
	if c.DiscordToken == "" && c.DiscordPublicKey != "" {
		missing("DISCORD_TOKEN", "DISCORD_PUBLIC_KEY is set, so the bot token is needed too")
	}
	for _, ref := range c.Channels {
		switch platform, _, _ := strings.Cut(ref, ":"); {
		case platform == "slack" && c.SlackBotToken == "":
			ps = ps.add("CHANNELS", ref, "a Slack channel needs SLACK_BOT_TOKEN")
		case platform == "discord" && c.DiscordToken == "":
			ps = ps.add("CHANNELS", ref, "a Discord channel needs DISCORD_TOKEN")
		}
	}
	return ps
}

// Notes are remarks on a configuration that works but may not be what was
// meant, one line each.
func (c Config) Notes() []string {
	var notes []string
	if c.SlackBotToken != "" && c.SlackAppToken == "" && c.SlackSigningSecret == "" {
		notes = append(notes, "Slack gets posts but answers no command: set SLACK_APP_TOKEN or SLACK_SIGNING_SECRET")
	}
	if c.SlackBotToken == "" && c.DiscordToken == "" && !c.Console {
		notes = append(notes, "no chat platform is set up: set SLACK_BOT_TOKEN or DISCORD_TOKEN, or try `cyberbrief demo`")
	}
	return notes
}

// secrets gives the secrets that are sent in headers, by variable.
func (c *Config) secrets() func(yield func(string, Secret) bool) {
	all := []struct {
		name  string
		value Secret
	}{
		{"SLACK_BOT_TOKEN", c.SlackBotToken}, {"SLACK_APP_TOKEN", c.SlackAppToken},
		{"SLACK_SIGNING_SECRET", c.SlackSigningSecret},
		{"DISCORD_TOKEN", c.DiscordToken}, {"API_TOKEN", c.APIToken},
	}
	return func(yield func(string, Secret) bool) {
		for _, s := range all {
			if !yield(s.name, s.value) {
				return
			}
		}
	}
}

// checkSecret finds secrets that were copied badly. What a token looks like
// beyond that is the platform's business.
func checkSecret(s Secret) error {
	bad := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r > unicode.MaxASCII }
	if strings.ContainsFunc(s.Reveal(), bad) {
		return errors.New("has a space, a line break or a letter outside ASCII in it; copy it again")
	}
	return nil
}

func checkDatabase(s string) error {
	if file, ok := strings.CutPrefix(s, "sqlite:"); ok && file != "" {
		return nil
	}
	if u, err := url.Parse(s); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") && u.Host+u.Path+u.RawQuery != "" {
		return nil
	}
	return errors.New("want sqlite:FILE or postgres://USER:PASSWORD@HOST/NAME (special characters in the password as %XX)")
}

// publicKeyBytes is the length of an Ed25519 public key.
const publicKeyBytes = 32

func checkPublicKey(s string) error {
	if key, err := hex.DecodeString(s); s != "" && (err != nil || len(key) != publicKeyBytes) {
		return errors.New("want the 64 hexadecimal digits of the application's page")
	}
	return nil
}

// checkSource accepts what briefing/source can read; whether a folder is
// there is seen when it is opened.
func checkSource(s string) error {
	if feed, ok := strings.CutPrefix(s, "feed:"); ok {
		return checkURL(feed)
	}
	if !strings.Contains(s, "://") {
		return nil
	}
	if err := checkURL(strings.NewReplacer("{", "", "}", "").Replace(s)); err != nil {
		return err
	}
	parts := strings.Contains(s, "{yyyy}") && strings.Contains(s, "{mm}") && strings.Contains(s, "{dd}")
	if !strings.Contains(s, "{date}") && !parts {
		return errors.New("put {date} (or {yyyy}, {mm} and {dd}) where the date stands in the address, or feed: before a feed")
	}
	return nil
}

func checkURL(s string) error {
	if s == "" {
		return nil
	}
	if u, err := url.Parse(s); err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return errors.New("want an address such as https://example.com/path")
	}
	return nil
}

func checkListen(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return errors.New("want HOST:PORT, for example 127.0.0.1:8080 or :8080")
	}
	return nil
}

func checkTime(s string) error {
	if _, err := time.Parse("15:04", s); err != nil {
		return errors.New("want HH:MM from 00:00 to 23:59, for example 08:30")
	}
	return nil
}

// maxCatchUp is as long as a slot can stay open: until the next day's.
const maxCatchUp = 24 * time.Hour

func checkCatchUp(d time.Duration) error {
	if d > maxCatchUp {
		return errors.New("want at most 24h, for example 4h")
	}
	return nil
}

func checkZone(s string) error {
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		return errors.New("no such time zone; want an IANA name such as Asia/Tokyo")
	}
	return nil
}

func checkDays(s string) error {
	s = strings.ToLower(s)
	if s == "daily" || s == "weekdays" {
		return nil
	}
	names := []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for day := range strings.SplitSeq(s, ",") {
		if !slices.Contains(names, strings.TrimSpace(day)) {
			return errors.New("want daily, weekdays, or a list of " + strings.Join(names, ","))
		}
	}
	return nil
}

func checkRef(s string) error {
	const id = `[A-Za-z0-9_-]{1,64}`
	if ok, _ := regexp.MatchString(`^((slack|discord):`+id+`/`+id+`|console:`+id+`)$`, s); !ok {
		return errors.New("want slack:TEAM/CHANNEL, discord:GUILD/CHANNEL or console:NAME, with ids, not names")
	}
	return nil
}

func checkLogFormat(s string) error {
	if s != "text" && s != "json" {
		return errors.New("want text or json")
	}
	return nil
}
