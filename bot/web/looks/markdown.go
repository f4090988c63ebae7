package looks

import (
	"regexp"
	"strings"
)

// listLine is a line of a list: depth, marker, text.
var listLine = regexp.MustCompile(`^( *)([-*]|\d{1,4}\.) (.*)$`)

// markdown writes Discord's Markdown, line by line: every line break counts.
// https://support.discord.com/hc/en-us/articles/210298617
func (d *discordDrawer) markdown(text string) {
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		if strings.HasPrefix(lines[i], "```") {
			i = d.fence(lines, i)
			continue
		}
		d.line(lines[i])
	}
}

// fence writes a block of code and returns the index of its last line.
func (d *discordDrawer) fence(lines []string, from int) int {
	end := from + 1
	for end < len(lines) && !strings.HasPrefix(lines[end], "```") {
		end++
	}
	d.say("pre", "", strings.Join(lines[from+1:min(end, len(lines))], "\n"))
	return end
}

func (d *discordDrawer) line(line string) {
	for _, x := range []struct{ mark, tag, class string }{
		{"### ", "h6", ""}, {"## ", "h5", ""}, {"# ", "h4", ""}, {"-# ", "p", "small"}, {"> ", "blockquote", ""},
	} {
		if rest, ok := strings.CutPrefix(line, x.mark); ok {
			d.box(x.tag, x.class, func() { d.inline(rest) })
			return
		}
	}
	if m := listLine.FindStringSubmatch(line); m != nil {
		d.box("div", "li in"+string(rune('0'+min(len(m[1])/2, 8))), func() {
			marker := m[2]
			if marker == "-" || marker == "*" {
				marker = "•"
			}
			d.say("span", "marker", marker)
			d.box("span", "", func() { d.inline(m[3]) })
		})
		return
	}
	if line == "" {
		d.WriteString(`<div class="gap"></div>`)
		return
	}
	d.box("p", "", func() { d.inline(line) })
}

// inlineToken finds what Discord reads within a line, an escape first.
var inlineToken = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]" + "|`[^`]+`" +
	`|\[(?:\\.|[^\[\]\\])+\]\(<?https?://[^()\s<>]+>?\)|<https?://[^<>\s]+>|<(?:@&?!?|#)\d+>|https?://[^\s<>()]+` +
	`|\*\*(?:\\.|[^*\\])+\*\*|__(?:\\.|[^_\\])+__|~~(?:\\.|[^~\\])+~~|\|\|(?:\\.|[^|\\])+\|\||\*(?:\\.|[^*\s\\])(?:\\.|[^*\\])*\*|_(?:\\.|[^_\s\\])(?:\\.|[^_\\])*_`)

// inline writes what stands within a line.
func (d *discordDrawer) inline(text string) {
	for text != "" {
		at := inlineToken.FindStringIndex(text)
		if at == nil {
			d.text(text)
			return
		}
		d.text(text[:at[0]])
		d.inlineToken(text[at[0]:at[1]])
		text = text[at[1]:]
	}
}

// pairs are the marks that style what stands between two of them.
var pairs = []struct{ mark, tag, class string }{
	{"**", "strong", ""}, {"__", "u", ""}, {"~~", "s", ""}, {"||", "span", "spoiler"}, {"*", "em", ""}, {"_", "em", ""},
}

func (d *discordDrawer) inlineToken(t string) {
	switch {
	case t[0] == '\\':
		d.text(t[1:])
	case t[0] == '`':
		d.say("code", "", strings.Trim(t, "`"))
	case t[0] == '[':
		i := strings.LastIndex(t, "](")
		address := strings.Trim(t[i+2:len(t)-1], "<>")
		d.link(address, "", func() { d.inline(t[1:i]) })
	case strings.HasPrefix(t, "<http"):
		d.link(t[1:len(t)-1], "", func() { d.text(t[1 : len(t)-1]) })
	case strings.HasPrefix(t, "<#"):
		d.say("span", "ping", "#"+strings.Trim(t, "<>#"))
	case t[0] == '<':
		d.say("span", "ping", "@"+strings.Trim(t, "<>@&!#"))
	case strings.HasPrefix(t, "http"):
		d.link(t, "", func() { d.text(t) })
	default:
		for _, p := range pairs {
			if inner, ok := strings.CutPrefix(t, p.mark); ok {
				d.box(p.tag, p.class, func() { d.inline(strings.TrimSuffix(inner, p.mark)) })
				return
			}
		}
	}
}
