package slack

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	slackgo "github.com/slack-go/slack"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// view is a modal, or the home tab of one member.
// https://docs.slack.dev/reference/views/
type view struct {
	Type       string                   `json:"type"`
	Title      *slackgo.TextBlockObject `json:"title,omitempty"`
	Submit     *slackgo.TextBlockObject `json:"submit,omitempty"`
	Close      *slackgo.TextBlockObject `json:"close,omitempty"`
	CallbackID string                   `json:"callback_id,omitempty"`
	// PrivateMetadata is an origin.
	PrivateMetadata string            `json:"private_metadata,omitempty"`
	Blocks          []json.RawMessage `json:"blocks"`
}

const (
	homeView  = "home"
	modalView = "modal"
	// formCallback is the callback_id of a form: what is sent from other
	// modals is not ours.
	formCallback = "cb:form"
)

// origin is what a view remembers of how it came to be: the channel that it
// was opened in, if any, and the action of a form. Slack keeps it, so that a
// modal that is open over a restart still works; it is never trusted with
// what its sender may do.
type origin struct {
	Channel  string `json:"channel,omitempty"`
	Command  string `json:"command,omitempty"`
	Argument string `json:"argument,omitempty"`
}

func originOf(metadata string) (o origin) {
	_ = json.Unmarshal([]byte(metadata), &o) // what is not ours has no origin
	return o
}

// RenderHome turns a document into the home tab. It is pure.
func RenderHome(doc bot.Document, lang briefing.Language) ([]byte, error) {
	return view{Type: homeView}.with(layView(doc, lang), lang)
}

// RenderModal turns an answer into a modal that was opened in a channel,
// which may be empty. It is pure.
func RenderModal(doc bot.Document, channel string, lang briefing.Language) ([]byte, error) {
	return modal(bot.Form{Title: "cyberbrief", Language: lang}, origin{Channel: channel}).with(layView(doc, lang), lang)
}

// RenderForm turns a form into a modal that was opened in a channel, which may
// be empty. It is pure.
func RenderForm(f bot.Form, channel string) ([]byte, error) {
	v := modal(f, origin{channel, f.Action.Command, f.Action.Argument})
	v.CallbackID = formCallback
	v.Submit = plainText(cmp.Or(label(f.Submit, maxViewTitle), in(f.Language, "送信", "Send")))
	l := &layer{lang: f.Language, view: true}
	l.prose(f.Note)
	for _, field := range f.Fields {
		l.field(field)
	}
	l.flush()
	return v.with(l.units, f.Language)
}

// modal is a modal without its blocks.
func modal(f bot.Form, from origin) view {
	v := view{
		Type: modalView, Title: plainText(cmp.Or(label(f.Title, maxViewTitle), "cyberbrief")),
		Close: plainText(in(f.Language, "閉じる", "Close")),
	}
	if b, err := marshal(from); err == nil && units(string(b)) <= maxMetadata {
		v.PrivateMetadata = string(b)
	}
	return v
}

// layView lays a document out for a view. What is shared goes to the channel
// of a message; a view has none.
func layView(doc bot.Document, lang briefing.Language) []unit {
	l := &layer{lang: lang, view: true}
	for _, b := range linkBelow(doc, lang) {
		if row, ok := b.(bot.Buttons); ok {
			b = slices.DeleteFunc(slices.Clone(row), func(b bot.Button) bool { return b.Action.Command == "share" })
		}
		l.block(b)
	}
	l.flush()
	return l.units
}

// with is the view as JSON. A view cannot go on elsewhere: of what is too
// long the end is left out, and the view says so.
func (v view) with(us []unit, lang briefing.Language) ([]byte, error) {
	if len(us) == 0 {
		us = layView(bot.Document{bot.Prose{Spans: []bot.Span{{Text: "…"}}}}, lang)
	}
	size := 0
	for i, u := range us {
		b, err := marshal(u.block)
		if err != nil {
			return nil, fmt.Errorf("render slack block: %w", err)
		}
		last := i == len(us)-1
		if size += len(b); size > maxViewBytes-viewReserve || len(v.Blocks) == maxViewBlocks-1 && !last {
			cut, err := marshal(slackgo.NewContextBlock("", plainText(in(lang, "… ここに収まらない続きがあります。/briefing で読めます。", "… There is more than fits here. Read on with /briefing."))))
			if err != nil {
				return nil, fmt.Errorf("render slack block: %w", err)
			}
			v.Blocks = append(v.Blocks, cut)
			break
		}
		v.Blocks = append(v.Blocks, b)
	}
	return marshal(v)
}

// renderView is the view that a reply is shown in.
func renderView(r bot.Reply, channel string, lang briefing.Language) ([]byte, error) {
	switch {
	case r.Form != nil:
		return RenderForm(*r.Form, channel)
	case r.Quiet:
		return nil, errors.New("a quiet reply has no view")
	}
	return RenderModal(r.Document, channel, lang)
}

// fieldBlock is the block_id of a field; fieldAction the action_id of what it
// is filled in with.
func fieldBlock(name string) string { return "cb:field:" + name }

const fieldAction = "value"

// fieldOf reads what fieldBlock wrote.
func fieldOf(blockID string) (name string, ok bool) { return strings.CutPrefix(blockID, "cb:field:") }

// field is an input block. What is wrong with it stands above it: Slack says
// it at the field itself only in answer to a form that was just sent.
func (l *layer) field(f bot.Field) {
	if f.Problem != "" {
		l.note([]bot.Span{{Text: "⚠️ " + f.Problem}})
	}
	b := slackgo.NewInputBlock(fieldBlock(f.Name), plainText(label(f.Label, maxLabel)), nil, l.input(f))
	if hint := label(f.Hint, maxLabel); hint != "" {
		b.Hint = plainText(hint)
	}
	b.Optional = f.Optional && f.Kind != bot.OnOff // one of two is always picked
	l.add(unit{block: b, text: f.Label})
}

// input is the element of a field.
func (l *layer) input(f bot.Field) slackgo.BlockElement {
	options := l.fieldOptions(f)
	switch f.Kind {
	case bot.TimeOfDay:
		t := slackgo.NewTimePickerBlockElement(fieldAction)
		t.InitialTime, t.Timezone = f.Value, f.Zone
		return t
	case bot.OneOf:
		e := slackgo.NewOptionsSelectBlockElement(slackgo.OptTypeStatic, nil, fieldAction, options...)
		e.InitialOption = optionOf(options, f.Value)
		return e
	case bot.OnOff:
		e := slackgo.NewRadioButtonsBlockElement(fieldAction, options...)
		e.InitialOption = optionOf(options, cmp.Or(f.Value, "off"))
		return e
	case bot.SomeOf:
		e := slackgo.NewCheckboxGroupsBlockElement(fieldAction, options...)
		for _, value := range strings.Split(f.Value, ",") {
			if o := optionOf(options, value); o != nil {
				e.InitialOptions = append(e.InitialOptions, o)
			}
		}
		return e
	case bot.ChannelOf:
		e := &slackgo.SelectBlockElement{Type: slackgo.OptTypeConversations, ActionID: fieldAction,
			Filter: &slackgo.SelectBlockElementFilter{Include: []string{"public", "private"}, ExcludeBotUsers: true}}
		if channelID.MatchString(f.Value) {
			e.InitialConversation = f.Value
		}
		return e
	}
	t := &slackgo.PlainTextInputBlockElement{Type: slackgo.METPlainTextInput, ActionID: fieldAction, MaxLength: maxInput}
	t.InitialValue = shorten(bot.Clean(f.Value), maxInput)
	return t
}

func optionOf(options []*slackgo.OptionBlockObject, value string) *slackgo.OptionBlockObject {
	for _, o := range options {
		if o.Value == value {
			return o
		}
	}
	return nil
}

// fieldOptions are what can be picked or ticked.
func (l *layer) fieldOptions(f bot.Field) []*slackgo.OptionBlockObject {
	all := f.Options
	if f.Kind == bot.OnOff {
		all = []bot.Option{{Label: in(l.lang, "はい", "Yes"), Value: "on"}, {Label: in(l.lang, "いいえ", "No"), Value: "off"}}
	}
	var options []*slackgo.OptionBlockObject
	for _, o := range all {
		options = append(options, slackgo.NewOptionBlockObject(o.Value, plainText(label(o.Label, maxOptionText)), nil))
	}
	return options
}

// filled is what a view has been filled in with, as Slack reports it.
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload/
type filled struct {
	Values map[string]map[string]struct {
		Type         string         `json:"type"`
		Value        string         `json:"value"`
		Time         string         `json:"selected_time"`
		Conversation string         `json:"selected_conversation"`
		Option       pickedOption   `json:"selected_option"`
		Options      []pickedOption `json:"selected_options"`
	} `json:"values"`
}

type pickedOption struct {
	Value string `json:"value"`
}

// answers are the fields in their text form.
func (s filled) answers() map[string]string {
	all := map[string]string{}
	for block, elements := range s.Values {
		name, ours := fieldOf(block)
		v, there := elements[fieldAction]
		if !ours || !there {
			continue
		}
		all[name] = cmp.Or(v.Value, v.Time, v.Conversation, v.Option.Value)
		if v.Type == string(slackgo.METCheckboxGroups) {
			var ticked []string
			for _, o := range v.Options {
				ticked = append(ticked, o.Value)
			}
			all[name] = strings.Join(ticked, ",")
		}
	}
	return all
}
