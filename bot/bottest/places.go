package bottest

import (
	"cyberbrief/bot"
	"cyberbrief/briefing/briefingtest"
)

// Place is where text from outside can stand in a post.
type Place struct {
	Name string
	// Post is one with the text there, and nothing else of its kind.
	Post func(text string) bot.Post
}

const ownURL = "https://own.example/page"

// InPlaces calls check with every hostile payload in every place, and with
// every disguised one in a few places, so that each place has hundreds. While
// the race detector watches, each place has a few of them: nothing is shared.
func InPlaces(check func(at Place, text string)) {
	const few = 4
	places, hostile, disguised := Places(), Hostile(), Disguised()
	if briefingtest.Racing {
		hostile, disguised = hostile[:few], disguised[:few]
	}
	for _, at := range places {
		for _, p := range hostile {
			check(at, p.Text)
		}
	}
	for i, p := range disguised {
		for n := range few {
			check(places[(i*few+n)%len(places)], p.Text)
		}
	}
}

// Places are all of them.
func Places() []Place {
	action := bot.Action{Command: "term", Argument: "語"}
	block := func(b bot.Block) bot.Post {
		return bot.Post{Parent: bot.Document{bot.Prose{Spans: []bot.Span{{Text: "始め"}}}, b, bot.Prose{Spans: []bot.Span{{Text: "終わり"}}}}, ThreadTitle: "題"}
	}
	at := func(make func(spans ...bot.Span) bot.Block, s func(text string) []bot.Span) func(string) bot.Post {
		return func(text string) bot.Post { return block(make(s(text)...)) }
	}
	plain := func(text string) []bot.Span { return []bot.Span{{Text: text}} }
	label := func(text string) []bot.Span { return []bot.Span{{Text: text, URL: ownURL}} }
	link := func(text string) []bot.Span { return []bot.Span{{Text: "題名", URL: text}} }
	prose := func(spans ...bot.Span) bot.Block { return bot.Prose{Spans: spans} }
	note := func(spans ...bot.Span) bot.Block { return bot.Note{Spans: spans} }
	item := func(spans ...bot.Span) bot.Block { return bot.ListItem{Marker: "-", Spans: spans} }
	quote := func(spans ...bot.Span) bot.Block { return bot.QuoteText{Spans: spans} }
	point := func(spans ...bot.Span) bot.Block { return bot.Point{Number: 1, Spans: spans} }
	below := func(spans ...bot.Span) bot.Block {
		return bot.Point{Number: 1, Spans: []bot.Span{{Text: "要点"}}, Note: spans}
	}
	return []Place{
		{"title", func(s string) bot.Post { return block(bot.Title{Text: s}) }},
		{"title of a page", func(s string) bot.Post { return block(bot.Title{Text: s, URL: ownURL}) }},
		{"address of the title", func(s string) bot.Post { return block(bot.Title{Text: "題", URL: s}) }},
		{"group heading", func(s string) bot.Post { return block(bot.Heading{Level: 1, Text: s}) }},
		{"heading", func(s string) bot.Post { return block(bot.Heading{Level: 2, Text: s}) }},
		{"linked heading", func(s string) bot.Post { return block(bot.Heading{Level: 2, Text: s, URL: ownURL}) }},
		{"address of a heading", func(s string) bot.Post { return block(bot.Heading{Level: 2, Text: "見出し", URL: s}) }},
		{"prose", at(prose, plain)},
		{"bold", at(prose, func(s string) []bot.Span { return []bot.Span{{Text: s, Strong: true}} })},
		{"code", at(prose, func(s string) []bot.Span { return []bot.Span{{Text: s, Code: true}} })},
		{"label", at(prose, label)},
		{"bold label", at(prose, func(s string) []bot.Span { return []bot.Span{{Text: s, URL: ownURL, Strong: true}} })},
		{"address", at(prose, link)},
		{"address and label", at(prose, func(s string) []bot.Span { return []bot.Span{{Text: s, URL: s}} })},
		{"between spans", at(prose, func(s string) []bot.Span {
			return []bot.Span{{Text: "[<@"}, {Text: s}, {Text: "題", URL: ownURL}, {Text: s}, {Text: ">](*"}}
		})},
		{"over two spans", at(prose, func(s string) []bot.Span {
			half := len([]rune(s)) / 2
			return []bot.Span{{Text: string([]rune(s)[:half])}, {Text: string([]rune(s)[half:]), Strong: true}}
		})},
		{"list item", at(item, plain)},
		{"label in a list", at(item, label)},
		{"marker", func(s string) bot.Post { return block(bot.ListItem{Marker: s, Spans: plain("項目")}) }},
		{"quotation", at(quote, plain)},
		{"code block", func(s string) bot.Post { return block(bot.CodeText{Text: s}) }},
		{"note", at(note, plain)},
		{"label in a note", at(note, label)},
		{"address in a note", at(note, link)},
		{"note with a link", at(note, func(s string) []bot.Span { return []bot.Span{{Text: s}, {Text: "題", URL: ownURL}, {Text: s}} })},
		{"key point", at(point, plain)},
		{"below a key point", at(below, plain)},
		{"label below a key point", at(below, label)},
		{"button", func(s string) bot.Post { return block(bot.Buttons{{Label: s, Action: action}}) }},
		{"what a button does", func(s string) bot.Post {
			return block(bot.Buttons{{Label: "押す", Action: bot.Action{Command: "term", Argument: s}}})
		}},
		{"address of a button", func(s string) bot.Post { return block(bot.Buttons{{Label: "開く", URL: s}}) }},
		{"option", func(s string) bot.Post {
			return block(bot.Menu{Placeholder: "選ぶ", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: s, Value: "1"}}})
		}},
		{"value of an option", func(s string) bot.Post {
			return block(bot.Menu{Placeholder: "選ぶ", Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: "甲", Value: s}}})
		}},
		{"placeholder", func(s string) bot.Post {
			return block(bot.Menu{Placeholder: s, Action: bot.Action{Command: "term"}, Options: []bot.Option{{Label: "甲", Value: "1"}}})
		}},
		{"name of the thread", func(s string) bot.Post { p := block(bot.Divider{}); p.ThreadTitle = s; return p }},
	}
}
