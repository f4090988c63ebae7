package bottest

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf16"
)

// The vendor's pages, named in refusals.
const (
	slackBlocksURL   = "https://docs.slack.dev/reference/block-kit/blocks/"
	slackElementsURL = "https://docs.slack.dev/reference/block-kit/block-elements/"
	slackObjectsURL  = "https://docs.slack.dev/reference/block-kit/composition-objects/"
	slackMetadataURL = "https://docs.slack.dev/messaging/message-metadata/"
	slackPostURL     = "https://docs.slack.dev/reference/methods/chat.postMessage/"
	slackBudgetURL   = "https://github.com/slackapi/bolt-js/issues/2509"
)

const (
	maxSlackText       = 40_000
	maxSlackBlocks     = 50
	maxSlackViewBlocks = 100
	// maxSlackMessageText is the smallest sum of texts of one message that
	// was seen refused; Slack documents none.
	maxSlackMessageText = 11_340
	// maxSlackMetadata is our own bound: Slack has one that it does not tell.
	maxSlackMetadata = 2_000
)

// slackObject is a JSON object of a payload.
type slackObject = map[string]any

// checkSlackMessage checks text and blocks against what Slack refuses.
func checkSlackMessage(m SlackMessage, budget int) (code string, why []string) {
	switch {
	case strings.TrimSpace(m.Text) == "" && len(m.Blocks) == 0:
		return "no_text", []string{"neither text nor blocks: " + slackPostURL}
	case slackLen(m.Text) > maxSlackText:
		return "msg_too_long", []string{fmt.Sprintf("text has %d characters, at most %d: %s", slackLen(m.Text), maxSlackText, slackPostURL)}
	}
	if why := checkSlackBlocks(m.Blocks, maxSlackBlocks); len(why) > 0 {
		return "invalid_blocks", why
	}
	sum := 0
	for _, raw := range m.Blocks {
		var block any
		_ = json.Unmarshal(raw, &block) // it was checked above
		sum += slackTexts(block)
	}
	if sum > budget {
		return "msg_blocks_too_long", []string{fmt.Sprintf("the blocks hold %d characters, at most %d: %s", sum, budget, slackBudgetURL)}
	}
	return "", nil
}

// slackTexts sums the texts and addresses below v.
func slackTexts(v any) int {
	sum := 0
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			sum += slackTexts(e)
		}
	case slackObject:
		for name, e := range v {
			if s, ok := e.(string); ok && (name == "text" || name == "url" || name == "value") {
				sum += slackLen(s)
			} else {
				sum += slackTexts(e)
			}
		}
	}
	return sum
}

// slackLen counts as JavaScript does, in UTF-16 units: never fewer than Slack.
func slackLen(s string) int { return len(utf16.Encode([]rune(s))) }

var slackMetadataName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// checkSlackMetadata checks the shape of message metadata.
func checkSlackMetadata(raw string) (code string, why []string) {
	var m struct {
		EventType string      `json:"event_type"`
		Payload   slackObject `json:"event_payload"`
	}
	switch err := json.Unmarshal([]byte(raw), &m); {
	case strings.TrimSpace(raw) == "{}":
		return "", nil
	case err != nil || m.EventType == "" || m.Payload == nil:
		return "invalid_metadata_format", []string{"event_type and event_payload are needed: " + slackMetadataURL}
	case len(raw) > maxSlackMetadata:
		return "metadata_too_large", []string{slackMetadataURL}
	}
	for name, value := range m.Payload {
		if !slackMetadataName.MatchString(name) {
			return "invalid_metadata_format", []string{fmt.Sprintf("name %q: %s", name, slackMetadataURL)}
		}
		switch value.(type) {
		case string, float64, bool:
		default:
			return "invalid_metadata_format", []string{fmt.Sprintf("value of %q is nested: %s", name, slackMetadataURL)}
		}
	}
	return "", nil
}

// slackCheck gathers what is wrong with blocks.
type slackCheck struct {
	where string
	why   []string
}

func (c *slackCheck) fail(page, format string, args ...any) {
	c.why = append(c.why, fmt.Sprintf("[%s] %s: %s", c.where, fmt.Sprintf(format, args...), page))
}

// length checks a string that may not be empty.
func (c *slackCheck) length(page, name string, v any, most int) {
	s, ok := v.(string)
	switch n := slackLen(s); {
	case !ok || s == "":
		c.fail(page, "%s is missing or empty", name)
	case n > most:
		c.fail(page, "%s has %d characters, at most %d", name, n, most)
	}
}

// optional checks a string that may be missing.
func (c *slackCheck) optional(page, name string, v any, most int) {
	if v != nil {
		c.length(page, name, v, most)
	}
}

// checkSlackBlocks checks blocks against the documented limits.
func checkSlackBlocks(blocks []json.RawMessage, most int) []string {
	c := &slackCheck{where: "blocks"}
	if len(blocks) > most {
		c.fail(slackBlocksURL, "%d blocks, at most %d", len(blocks), most)
	}
	ids := map[string]bool{}
	for i, raw := range blocks {
		c.where = fmt.Sprintf("blocks/%d", i)
		var b slackObject
		if json.Unmarshal(raw, &b) != nil || b == nil {
			c.fail(slackBlocksURL, "no JSON object")
			continue
		}
		c.optional(slackBlocksURL, "block_id", b["block_id"], 255)
		if id, ok := b["block_id"].(string); ok && ids[id] {
			c.fail(slackBlocksURL, "block_id %q stands twice", id)
		} else if ok {
			ids[id] = true
		}
		c.block(b)
	}
	return c.why
}

func (c *slackCheck) block(b slackObject) {
	kind, _ := b["type"].(string)
	page := slackBlocksURL + strings.ReplaceAll(kind, "_", "-") + "-block/"
	switch kind {
	case "header":
		c.text(page, b["text"], 150, "plain_text")
	case "section":
		c.section(page, b)
	case "context":
		elements := c.list(page, "elements", b["elements"], 10)
		for _, e := range elements {
			if o, _ := e.(slackObject); o["type"] != "image" {
				c.text(page, e, 3000, "plain_text", "mrkdwn")
			}
		}
	case "divider":
	case "actions":
		c.actions(page, b)
	case "rich_text":
		for _, e := range c.list(page, "elements", b["elements"], 1<<30) {
			c.richText(page, e, false)
		}
	case "image":
		c.length(page, "image_url", b["image_url"], 3000)
		c.length(page, "alt_text", b["alt_text"], 2000)
	case "input":
		c.input(page, b)
	default:
		c.fail(slackBlocksURL, "unsupported type %q", kind)
	}
}

// slackInputs are the elements that an input block can have.
var slackInputs = []string{"plain_text_input", "timepicker", "datepicker", "checkboxes", "radio_buttons", "static_select",
	"multi_static_select", "conversations_select", "channels_select", "users_select"}

func (c *slackCheck) input(page string, b slackObject) {
	c.text(page, b["label"], 2000, "plain_text")
	if b["hint"] != nil {
		c.text(page, b["hint"], 2000, "plain_text")
	}
	e, _ := b["element"].(slackObject)
	if kind, _ := e["type"].(string); !slices.Contains(slackInputs, kind) {
		c.fail(page, "element %q in an input block", kind)
		return
	}
	c.element(e, map[string]bool{})
}

func (c *slackCheck) section(page string, b slackObject) {
	fields, _ := b["fields"].([]any)
	if b["text"] == nil && len(fields) == 0 {
		c.fail(page, "neither text nor fields")
	}
	if b["text"] != nil {
		c.text(page, b["text"], 3000, "plain_text", "mrkdwn")
	}
	if len(fields) > 10 {
		c.fail(page, "%d fields, at most 10", len(fields))
	}
	for _, f := range fields {
		c.text(page, f, 2000, "plain_text", "mrkdwn")
	}
	if b["accessory"] != nil {
		c.element(b["accessory"], map[string]bool{})
	}
}

// text checks a text object.
func (c *slackCheck) text(page string, v any, most int, kinds ...string) {
	o, _ := v.(slackObject)
	kind, _ := o["type"].(string)
	if !strings.Contains(" "+strings.Join(kinds, " ")+" ", " "+kind+" ") || kind == "" {
		c.fail(slackObjectsURL+"text-object/", "text object of type %q, want %v", kind, kinds)
		return
	}
	c.length(page, "text", o["text"], most)
	if s, _ := o["text"].(string); strings.TrimSpace(s) == "" {
		c.fail(page, "text is blank")
	}
	if kind == "mrkdwn" && o["emoji"] != nil {
		c.fail(slackObjectsURL+"text-object/", "emoji is for plain_text only")
	}
}

// list checks an array that may not be empty.
func (c *slackCheck) list(page, name string, v any, most int) []any {
	l, _ := v.([]any)
	switch {
	case len(l) == 0:
		c.fail(page, "%s is missing or empty", name)
	case len(l) > most:
		c.fail(page, "%d %s, at most %d", len(l), name, most)
	}
	return l
}

func (c *slackCheck) actions(page string, b slackObject) {
	ids := map[string]bool{}
	for _, e := range c.list(page, "elements", b["elements"], 25) {
		c.element(e, ids)
	}
}

// element checks an interactive element.
func (c *slackCheck) element(v any, ids map[string]bool) {
	e, _ := v.(slackObject)
	kind, _ := e["type"].(string)
	id, _ := e["action_id"].(string)
	c.optional(slackElementsURL, "action_id", e["action_id"], 255)
	if id != "" && ids[id] {
		c.fail(slackElementsURL, "action_id %q stands twice in one block", id)
	}
	ids[id] = true
	switch kind {
	case "button":
		page := slackElementsURL + "button-element/"
		c.text(page, e["text"], 75, "plain_text")
		c.optional(page, "value", e["value"], 2000)
		if e["url"] != nil {
			c.length(page, "url", e["url"], 3000)
			c.address(page, e["url"])
		}
	case "static_select":
		page := slackElementsURL + "select-menu-element/"
		if e["placeholder"] != nil {
			c.text(page, e["placeholder"], 150, "plain_text")
		}
		c.options(page, e, 100)
	case "checkboxes", "radio_buttons":
		c.options(slackElementsURL+strings.ReplaceAll(kind, "_", "-")+"-element/", e, 10)
	case "timepicker":
		page := slackElementsURL + "time-picker-element/"
		if at, ok := e["initial_time"].(string); ok && !slackTime.MatchString(at) {
			c.fail(page, "initial_time %q is not HH:mm", at)
		}
		if zone, ok := e["timezone"].(string); ok {
			if _, err := time.LoadLocation(zone); err != nil || zone == "" {
				c.fail(page, "timezone %q", zone)
			}
		}
	case "plain_text_input":
		page := slackElementsURL + "plain-text-input-element/"
		if most, ok := e["max_length"].(float64); ok && (most < 1 || most > 3000) {
			c.fail(page, "max_length %v", most)
		}
		c.optional(page, "initial_value", e["initial_value"], 3000)
		if e["placeholder"] != nil {
			c.text(page, e["placeholder"], 150, "plain_text")
		}
	case "overflow", "external_select", "conversations_select", "channels_select", "users_select", "datepicker", "multi_static_select", "image":
	default:
		c.fail(slackElementsURL, "unsupported element %q", kind)
	}
}

// slackTime is a time of day.
var slackTime = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)

// options checks what can be picked and what is picked at first, which must
// be among it to the letter.
func (c *slackCheck) options(page string, e slackObject, most int) {
	const object = slackObjectsURL + "option-object/"
	values := map[any]any{}
	for _, o := range c.list(page, "options", e["options"], most) {
		option, _ := o.(slackObject)
		c.text(object, option["text"], 75, "plain_text")
		c.length(object, "value", option["value"], 75)
		values[option["value"]] = option
	}
	first, some := e["initial_options"].([]any)
	if some && len(first) == 0 {
		c.fail(page, "initial_options is empty")
	}
	if one, ok := e["initial_option"]; ok {
		first = append(first, one)
	}
	for _, o := range first {
		option, _ := o.(slackObject)
		if !reflect.DeepEqual(values[option["value"]], any(option)) {
			c.fail(page, "initial option %v is none of the options", option["value"])
		}
	}
}

// address checks an address that can be opened.
func (c *slackCheck) address(page string, v any) {
	s, _ := v.(string)
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		c.fail(page, "%q is no address", s)
	}
}

// richText checks an element of a rich_text block; only sections stand in
// lists.
func (c *slackCheck) richText(page string, v any, inList bool) {
	e, _ := v.(slackObject)
	kind, _ := e["type"].(string)
	if inList && kind != "rich_text_section" {
		c.fail(page, "%q in a list", kind)
		return
	}
	switch kind {
	case "rich_text_list":
		if style := e["style"]; style != "ordered" && style != "bullet" {
			c.fail(page, "list style %v", style)
		}
		if indent, _ := e["indent"].(float64); indent < 0 || indent > 8 {
			c.fail(page, "indent %v", indent)
		}
		for _, item := range c.list(page, "elements", e["elements"], 1<<30) {
			c.richText(page, item, true)
		}
	case "rich_text_section", "rich_text_quote", "rich_text_preformatted":
		for _, inner := range c.list(page, "elements", e["elements"], 1<<30) {
			c.richPiece(page, inner, kind == "rich_text_preformatted")
		}
	default:
		c.fail(page, "unsupported element %q", kind)
	}
}

func (c *slackCheck) richPiece(page string, v any, codeOnly bool) {
	e, _ := v.(slackObject)
	kind, _ := e["type"].(string)
	if codeOnly && kind != "text" && kind != "link" {
		c.fail(page, "%q in preformatted text", kind)
	}
	switch kind {
	case "text":
		c.length(page, "text", e["text"], 1<<30)
	case "link":
		c.address(page, e["url"])
		c.optional(page, "text", e["text"], 1<<30)
	case "user":
		c.length(page, "user_id", e["user_id"], 50)
	case "usergroup":
		c.length(page, "usergroup_id", e["usergroup_id"], 50)
	case "channel":
		c.length(page, "channel_id", e["channel_id"], 50)
	case "emoji":
		c.length(page, "name", e["name"], 100)
	case "broadcast", "color", "date":
	default:
		c.fail(page, "unsupported piece %q", kind)
	}
}
