package bot

import (
	"slices"
	"strings"
	"testing"

	"cyberbrief/briefing"
)

func TestThreadNumbersHeadingsOnce(t *testing.T) {
	for _, c := range []struct{ heading, want string }{
		{"1. 架空の事案", "1. 架空の事案"},
		{"３．架空の事案", "1. 架空の事案"},
		{"（2）架空の事案", "1. 架空の事案"},
		{"④ 架空の事案", "1. 架空の事案"},
		{"2025年の架空の事案", "1. 2025年の架空の事案"},
		{"3.5 の新しい版", "1. 3.5 の新しい版"},
	} {
		d := &briefing.Digest{Date: "2025-07-02", Stories: []briefing.Story{{Line: 3, Heading: c.heading, Text: briefing.Plain("本文。")}}}
		thread := Layout(briefing.Compose(d, briefing.Options{}, nil)).Thread
		if got, ok := thread[0].(Heading); !ok || got.Text != c.want {
			t.Errorf("%q is shown as %+v, want %q", c.heading, thread[0], c.want)
		}
		marked := "1. " + watchMark + strings.TrimPrefix(c.want, "1. ")
		thread = Layout(briefing.Compose(d, briefing.Options{WatchWords: []string{"本文"}}, nil)).Thread
		if got, ok := thread[0].(Heading); !ok || got.Text != marked {
			t.Errorf("%q with a watched word is shown as %+v, want %q", c.heading, thread[0], marked)
		}
	}
}

func TestThreadKeepsTheLinkOfASubheading(t *testing.T) {
	text := briefing.Text{
		{Kind: briefing.Heading, Level: 4, Spans: []briefing.Span{{Text: "架空社の"}, {Text: "お知らせ", URL: "https://vendor.example/a"}}},
		para(briefing.Span{Text: "本文。"}),
	}
	d := &briefing.Digest{Date: "2025-07-02", Stories: []briefing.Story{{Line: 3, Heading: "架空の事案", Text: text}}}
	thread := Layout(briefing.Compose(d, briefing.Options{}, nil)).Thread
	want := Heading{Level: 3, Text: "架空社のお知らせ", URL: "https://vendor.example/a"}
	if !slices.Contains(headingsOf(thread), want) {
		t.Errorf("the thread has the headings %+v, want %+v among them", headingsOf(thread), want)
	}
}

func headingsOf(doc Document) (hs []Heading) {
	for _, b := range doc {
		if h, ok := b.(Heading); ok {
			hs = append(hs, h)
		}
	}
	return hs
}

func TestWatchedWordMentionsTheGroupChosen(t *testing.T) {
	d := &briefing.Digest{Date: "2025-07-02", KeyPoints: []briefing.KeyPoint{{Line: 3, Text: briefing.Plain("ルーターの欠陥。@everyone")}}}
	mentions := func(o briefing.Options) (ids []string) {
		for _, b := range Layout(briefing.Compose(d, o, nil)).Parent {
			if n, ok := b.(Note); ok {
				for _, s := range n.Spans {
					if s.Mention != "" {
						ids = append(ids, s.Mention)
					}
				}
			}
		}
		return ids
	}
	if got := mentions(briefing.Options{WatchWords: []string{"ルーター"}, Mention: "S1"}); !slices.Equal(got, []string{"S1"}) {
		t.Errorf("a watched word mentions %q, want the group once", got)
	}
	if got := mentions(briefing.Options{WatchWords: []string{"別の製品"}, Mention: "S1"}); got != nil {
		t.Errorf("no watched word mentions %q", got)
	}
}
