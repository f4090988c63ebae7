package bot

import "cyberbrief/briefing"

// Form is a dialog that a person fills in: a modal on Slack and Discord, a
// form on the console's page. What was filled in comes back as a Request with
// the form's Action and Answers. Everything that a form needs to be answered
// stands in its Action, so that one that was open over a restart still works.
type Form struct {
	Title string // at most MaxFormTitle
	// Submit is what the button says that sends the form.
	Submit string
	Action Action
	// Note stands above the fields, where a platform has room for it; it may
	// be empty.
	Note   []Span
	Fields []Field
	// Language is that of the words around the fields, such as "Cancel".
	Language briefing.Language
}

// Field is one thing to fill in. Its text form is what Answers hold: what is
// typed, a time as 08:30, the values of options with commas between, on or
// off (or nothing, for off), the platform's id of a channel.
type Field struct {
	Name  string // of the answer
	Label string // at most MaxFieldLabel
	// Hint stands below the field; may be empty.
	Hint string
	Kind FieldKind
	// Value is what stands in the field at first, in its text form.
	Value string
	// Options are those of OneOf and SomeOf.
	Options []Option
	// Optional fields may be left empty.
	Optional bool
	// Zone is the IANA name of the zone that a TimeOfDay is meant in.
	Zone string
	// Problem says what is wrong with Value, at the field.
	Problem string
}

// FieldKind says how a field is filled in. A platform that has no element for
// a kind offers a line of text, which is read the same.
type FieldKind int

// The kinds of fields.
const (
	TextLine FieldKind = iota
	TimeOfDay
	OneOf
	SomeOf
	OnOff
	ChannelOf // a channel of the platform
)

// The bounds that every platform's own limits leave room for, in characters.
const (
	// https://docs.slack.dev/reference/views/modal-views/
	MaxFormTitle = 24
	// https://discord.com/developers/docs/components/reference#text-input
	MaxFieldLabel = 45
)

// fieldsPerForm is how many fields a form can have on a platform, 0 for as
// many as one likes.
// https://discord.com/developers/docs/components/reference#text-input
func fieldsPerForm(p Platform) int {
	if p == Discord {
		return 5
	}
	return 0
}

// picksChannels says whether a form on a platform can have a ChannelOf.
func picksChannels(p Platform) bool { return p != Discord }

// fill puts answers and what is wrong with them into the fields of a form.
func (f *Form) fill(answers, problems map[string]string) {
	for i, field := range f.Fields {
		if v, ok := answers[field.Name]; ok {
			f.Fields[i].Value = v
		}
		f.Fields[i].Problem = problems[field.Name]
	}
}

// complaint is what is wrong with a form as a message, for platforms that
// cannot say it at the fields: nothing that was typed is lost.
func (f *Form) complaint(lang briefing.Language) Document {
	doc := Document{Prose{plain(in(lang, "⚠️ 保存していません。次の欄を直してください。", "⚠️ Nothing was saved. Please mend these fields."))}}
	for _, field := range f.Fields {
		if field.Problem != "" {
			doc = append(doc, ListItem{Marker: "-", Spans: []Span{{Text: field.Label, Strong: true}, {Text: ": " + field.Problem}}})
		}
	}
	return doc
}
