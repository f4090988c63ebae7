package bottest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"
)

// discordBody is the body of a message, with nothing in it that the fake
// does not know.
type discordBody struct {
	Content         *string             `json:"content"`
	Embeds          []DiscordEmbed      `json:"embeds"`
	Components      []DiscordComponent  `json:"components"`
	AllowedMentions *discordAllowed     `json:"allowed_mentions"`
	Nonce           *string             `json:"nonce"`
	EnforceNonce    bool                `json:"enforce_nonce"`
	Flags           int                 `json:"flags"`
	TTS             bool                `json:"tts"`
	StickerIDs      []string            `json:"sticker_ids"`
	Attachments     []map[string]string `json:"attachments"`
}

func (b discordBody) content() string {
	if b.Content == nil {
		return ""
	}
	return *b.Content
}

// Where Discord documents its limits.
const (
	discordEmbedDocs  = "https://discord.com/developers/docs/resources/message#embed-object-embed-limits"
	discordCreateDocs = "https://discord.com/developers/docs/resources/message#create-message"
	discordComponents = "https://discord.com/developers/docs/components/reference"
	discordBytesIssue = "https://github.com/discord/discord-api-docs/issues/8554"
)

// discordMaxBytes is where Discord's undocumented limit is sure to strike.
const discordMaxBytes = 9000

// discordLength counts UTF-16 code units, the strictest way to count.
func discordLength(s string) int {
	n := utf8.RuneCountInString(s)
	for _, r := range s {
		if r > 0xFFFF {
			n++
		}
	}
	return n
}

// discordFaults collects what is wrong with a body.
type discordFaults []string

func (f *discordFaults) atMost(limit, n int, what, docs string) {
	if n > limit {
		*f = append(*f, fmt.Sprintf("%s: %d, at most %d allowed: %s", what, n, limit, docs))
	}
}

func (f *discordFaults) short(limit int, s, what, docs string) {
	f.atMost(limit, discordLength(s), what+" in characters", docs)
}

// DiscordRefuses says why Discord would refuse the body of a message; nothing
// for one that it takes.
func DiscordRefuses(body []byte) []string {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var b discordBody
	if err := dec.Decode(&b); err != nil {
		return []string{err.Error()}
	}
	if r := b.refusal(); r != nil {
		return r.why
	}
	return nil
}

// discordRefusal is an answer of Discord to a body that it does not take.
type discordRefusal struct {
	status, code int
	why          []string
}

// refusal is nil for a body that Discord takes.
func (b discordBody) refusal() *discordRefusal {
	switch faults := b.faults(); {
	case len(faults) > 0:
		return &discordRefusal{http.StatusBadRequest, 50035, faults}
	case b.empty():
		return &discordRefusal{http.StatusBadRequest, 50006, []string{"Cannot send an empty message"}}
	case b.bytes() > discordMaxBytes:
		return &discordRefusal{http.StatusInternalServerError, 0, []string{
			fmt.Sprintf("all texts are %d bytes, at most %d are sure to pass: %s", b.bytes(), discordMaxBytes, discordBytesIssue)}}
	}
	return nil
}

// faults says what Discord would refuse in a body with 50035.
func (b discordBody) faults() discordFaults {
	var f discordFaults
	f.short(2000, b.content(), "content", discordCreateDocs)
	f.atMost(10, len(b.Embeds), "embeds", discordEmbedDocs)
	if b.Nonce != nil {
		f.short(25, *b.Nonce, "nonce", discordCreateDocs)
	}
	total := 0
	for i, e := range b.Embeds {
		e.check(&f, fmt.Sprintf("embeds[%d].", i))
		for _, t := range e.texts() {
			total += discordLength(strings.TrimSpace(t))
		}
	}
	f.atMost(6000, total, "all texts of all embeds in characters", discordEmbedDocs)
	checkRows(&f, b.Components)
	return f
}

func (e DiscordEmbed) check(f *discordFaults, at string) {
	f.short(256, e.Title, at+"title", discordEmbedDocs)
	f.short(4096, e.Description, at+"description", discordEmbedDocs)
	f.short(2048, e.URL, at+"url", discordEmbedDocs)
	f.atMost(25, len(e.Fields), at+"fields", discordEmbedDocs)
	for _, field := range e.Fields {
		f.short(256, field.Name, at+"field name", discordEmbedDocs)
		f.short(1024, field.Value, at+"field value", discordEmbedDocs)
		if strings.TrimSpace(field.Name) == "" || strings.TrimSpace(field.Value) == "" {
			*f = append(*f, at+"field is empty: "+discordEmbedDocs)
		}
	}
	if e.Footer != nil {
		f.short(2048, e.Footer.Text, at+"footer", discordEmbedDocs)
	}
	if e.Author != nil {
		f.short(256, e.Author.Name, at+"author", discordEmbedDocs)
	}
	if e.URL != "" && !strings.HasPrefix(e.URL, "http://") && !strings.HasPrefix(e.URL, "https://") {
		*f = append(*f, at+"url has a scheme other than http and https: "+discordEmbedDocs)
	}
}

func checkRows(f *discordFaults, rows []DiscordComponent) {
	f.atMost(5, len(rows), "action rows", discordComponents)
	ids := map[string]bool{}
	for i, row := range rows {
		at := fmt.Sprintf("components[%d].", i)
		if row.Type != 1 {
			*f = append(*f, fmt.Sprintf("%stype is %d, want an action row: %s", at, row.Type, discordComponents))
		}
		f.atMost(5, len(row.Components), at+"components", discordComponents)
		for j, c := range row.Components {
			c.check(f, fmt.Sprintf("%scomponents[%d].", at, j))
			if c.Type == 3 && len(row.Components) > 1 {
				*f = append(*f, at+" has a select beside other components: "+discordComponents)
			}
			if c.CustomID != "" && ids[c.CustomID] {
				*f = append(*f, fmt.Sprintf("%scustom_id %q is there twice: %s", at, c.CustomID, discordComponents))
			}
			ids[c.CustomID] = true
		}
	}
}

func (c DiscordComponent) check(f *discordFaults, at string) {
	wrong := func(what string) { *f = append(*f, at+what+": "+discordComponents) }
	f.short(100, c.CustomID, at+"custom_id", discordComponents)
	switch c.Type {
	case 2:
		f.short(80, c.Label, at+"label", discordComponents)
		f.short(512, c.URL, at+"url", discordComponents)
		if strings.TrimSpace(c.Label) == "" {
			wrong("label is empty")
		}
		if (c.Style == 5) != (c.URL != "") || (c.Style == 5) == (c.CustomID != "") {
			wrong("style, url and custom_id do not go together")
		}
	case 3:
		f.short(150, c.Placeholder, at+"placeholder", discordComponents)
		f.atMost(25, len(c.Options), at+"options", discordComponents)
		if len(c.Options) == 0 || c.CustomID == "" {
			wrong("select has no options or no custom_id")
		}
		values := map[string]bool{}
		for _, o := range c.Options {
			f.short(100, o.Label, at+"option label", discordComponents)
			f.short(100, o.Value, at+"option value", discordComponents)
			if strings.TrimSpace(o.Label) == "" || strings.TrimSpace(o.Value) == "" || values[o.Value] {
				wrong("option is empty or there twice")
			}
			values[o.Value] = true
		}
	default:
		wrong(fmt.Sprintf("type %d is no button or select", c.Type))
	}
}

// empty says whether Discord would find nothing to show.
func (b discordBody) empty() bool {
	if strings.TrimSpace(b.content()) != "" {
		return false
	}
	for _, e := range b.Embeds {
		if strings.TrimSpace(strings.Join(e.texts(), "")) != "" {
			return false
		}
	}
	return true
}

// bytes is the size of all texts in UTF-8.
func (b discordBody) bytes() int {
	n := len(b.content())
	for _, e := range b.Embeds {
		n += len(e.URL)
		for _, t := range e.texts() {
			n += len(t)
		}
	}
	for _, row := range b.Components {
		for _, c := range row.Components {
			n += len(c.Label) + len(c.Placeholder) + len(c.CustomID) + len(c.URL)
			for _, o := range c.Options {
				n += len(o.Label) + len(o.Value)
			}
		}
	}
	return n
}
