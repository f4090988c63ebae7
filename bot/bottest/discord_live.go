package bottest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// DiscordLive reads a body of Create Message as Discord's clients do.
// https://support.discord.com/hc/en-us/articles/210298617
func DiscordLive(body []byte) Live {
	live := Live{Hidden: HiddenIn(body)}
	var m struct {
		Content    string `json:"content"`
		Embeds     []DiscordEmbed
		Components []struct {
			Components []struct {
				Label string
				URL   string
			}
		}
		AllowedMentions *discordAllowed `json:"allowed_mentions"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		live.mark("no JSON: " + err.Error())
		return live
	}
	if m.AllowedMentions == nil || len(m.AllowedMentions.Parse)+len(m.AllowedMentions.Users) > 0 {
		live.mark("mentions are allowed")
	}
	live.discordText(m.Content)
	for _, e := range m.Embeds {
		live.discordInline(e.Title, true)
		live.discordText(e.Description)
		if e.URL != "" && e.Title != "" {
			live.Links = append(live.Links, LiveLink{e.Title, e.URL})
		}
	}
	for _, row := range m.Components {
		for _, c := range row.Components {
			if c.URL != "" {
				live.Links = append(live.Links, LiveLink{c.Label, c.URL})
			}
		}
	}
	return live
}

var (
	discordFenced = regexp.MustCompile("(?s)^```(.*?)```")
	discordBlocks = []struct {
		kind string
		at   *regexp.Regexp
	}{
		{"quote", regexp.MustCompile(`^[ \t]*>(?:>>)? `)},
		{"small print", regexp.MustCompile(`^[ \t]*-#[ \t]`)},
		{"heading", regexp.MustCompile(`^[ \t]*#{1,3}[ \t]`)},
		{"list", regexp.MustCompile(`^[ \t]*(?:[-*+]|\d+[.)])[ \t]`)},
	}
	discordRuns = []struct {
		kind string
		at   *regexp.Regexp
	}{
		{"ping", regexp.MustCompile(`(?i)^(?:@everyone|@here|<@[!&]?\d+>|<#\d+>|<id:[a-z-]+>|</[^:>\n]+:\d+>)`)},
		{"time", regexp.MustCompile(`^<t:-?\d+(?::[tTdDfFR])?>`)},
		{"emoji", regexp.MustCompile(`^(?:<a?:\w+:\d+>|:[A-Za-z0-9_+-]+:)`)},
		{"bold", regexp.MustCompile(`(?s)^\*\*(?:\\.|[^\\])+?\*\*`)},
		{"underline", regexp.MustCompile(`(?s)^__(?:\\.|[^\\])+?__`)},
		{"italic", regexp.MustCompile(`(?s)^(?:_(?:\\.|[^_\\])+_|\*(?:\\.|[^\s*\\])(?:\\.|[^*\\])*\*)`)},
		{"strike", regexp.MustCompile(`(?s)^~~.+?~~`)},
		{"spoiler", regexp.MustCompile(`(?s)^\|\|.+?\|\|`)},
	}
	discordMasked   = regexp.MustCompile(`(?s)^\[((?:\[[^\]]*\]|[^\[\]])*)\]\(\s*<?((?:\([^)]*\)|[^\s()])*?)>?(?:\s+['"].*?['"])?\s*\)`)
	discordAngled   = regexp.MustCompile(`^<([A-Za-z][A-Za-z0-9+.-]*:[^ >\n]+)>`)
	discordPlainURL = regexp.MustCompile(`(?i)^(?:https?|steam|discord)://[^\s<]+`)
)

// discordText reads text line by line: what opens a line, and what follows.
func (l *Live) discordText(s string) {
	for s != "" {
		if m := discordFenced.FindString(s); m != "" {
			l.mark("code block")
			s = s[len(m):]
			continue
		}
		line := s
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			line = s[:i]
		}
		for opened := true; opened; {
			opened = false
			for _, b := range discordBlocks {
				if m := b.at.FindString(line); m != "" {
					l.mark(b.kind)
					line, s, opened = line[len(m):], s[len(m):], true
				}
			}
		}
		s = s[l.discordLine(s):]
	}
}

// discordLine reads to the end of a line, or of what began in it, and says
// how far that is.
func (l *Live) discordLine(s string) int {
	end := strings.IndexByte(s, '\n')
	if end < 0 {
		l.discordInline(s, true)
		return len(s)
	}
	l.discordInline(s[:end], true)
	return end + 1
}

// discordInline reads what stands within a line. Backslashes count where
// escapes says so: in the label of a link they do not.
func (l *Live) discordInline(s string, escapes bool) {
	for i := 0; i < len(s); {
		rest := s[i:]
		if rest[0] == '\\' && escapes && len(rest) > 1 && discordEscape.MatchString(rest[:2]) {
			i += 2
			continue
		}
		if rest[0] == '`' {
			i += l.discordCode(rest)
			continue
		}
		if n := l.discordLink(rest); n > 0 {
			i += n
			continue
		}
		i += l.discordRun(rest)
	}
}

// discordRun reads what else runs and says how long its first mark is.
func (l *Live) discordRun(s string) int {
	if !strings.Contains("<@:*_~|", s[:1]) {
		return 1
	}
	for _, r := range discordRuns {
		m := r.at.FindString(s)
		switch {
		case m == "":
			continue
		case r.kind == "ping":
			l.Pings = append(l.Pings, m)
			return len(m)
		}
		l.mark(r.kind)
		if strings.HasPrefix(s[1:], s[:1]) {
			return 2
		}
		return 1
	}
	return 1
}

// discordCode reads code between backticks; no other mark runs in it.
func (l *Live) discordCode(s string) int {
	ticks := len(s) - len(strings.TrimLeft(s, "`"))
	end := strings.Index(s[ticks:], s[:ticks])
	if end <= 0 {
		return ticks
	}
	l.mark("code")
	return 2*ticks + end
}

// discordLink reads a link and says how long it is.
func (l *Live) discordLink(s string) int {
	if !strings.Contains("[<hHsSdD", s[:1]) {
		return 0
	}
	if m := discordMasked.FindStringSubmatch(s); m != nil && strings.Contains(m[2], ":") {
		if strings.Contains(m[1], "://") {
			return 0 // Discord shows such a link as it is written
		}
		l.Links = append(l.Links, LiveLink{m[1], m[2]})
		l.discordInline(m[1], false)
		if strings.Contains(m[1], `\`) {
			l.mark("a backslash in a label, where it is shown")
		}
		return len(m[0])
	}
	if m := discordAngled.FindStringSubmatch(s); m != nil && !strings.HasPrefix(m[1], "t:") && !strings.HasPrefix(m[1], "id:") {
		l.Links = append(l.Links, LiveLink{m[1], m[1]})
		return len(m[0])
	}
	if m := discordPlainURL.FindString(s); m != "" {
		l.Links = append(l.Links, LiveLink{m, m})
		return len(m)
	}
	return 0
}
