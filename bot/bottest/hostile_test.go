package bottest

import (
	"testing"
)

// TestHostileIsATable: the payloads are many, and none stands twice.
func TestHostileIsATable(t *testing.T) {
	const fewest = 300
	seen := map[string]bool{}
	for _, p := range Hostile() {
		if seen[p.Text] {
			t.Errorf("%.80q stands twice", p.Text)
		}
		seen[p.Text] = true
	}
	t.Logf("%d payloads, %d disguised, %d places", len(seen), len(Disguised()), len(Places()))
	if len(seen) < fewest {
		t.Errorf("%d payloads, want %d", len(seen), fewest)
	}
}

// TestLiveSeesWhatIsLive: the readings find what they are there to find.
func TestLiveSeesWhatIsLive(t *testing.T) {
	for _, c := range []struct {
		body string
		read func([]byte) Live
		want string // what is found wrong first, in a post without links
	}{
		{`{"parse":"none","text":"<!here>"}`, SlackLive, `ping "<!here>"`},
		{`{"parse":"full","text":"x"}`, SlackLive, "mark-up runs: names and addresses in the text are read"},
		{`{"parse":"none","blocks":[{"type":"context","elements":[{"type":"mrkdwn","verbatim":true,"text":"*a*"}]}]}`, SlackLive, "mark-up runs: bold"},
		{`{"parse":"none","blocks":[{"type":"context","elements":[{"type":"mrkdwn","verbatim":true,"text":"&gt; a"}]}]}`, SlackLive, "mark-up runs: quote"},
		{`{"parse":"none","blocks":[{"type":"context","elements":[{"type":"mrkdwn","text":"https://evil.example"}]}]}`, SlackLive, `link "https://evil.example" is not the document's`},
		{`{"parse":"none","blocks":[{"type":"context","elements":[{"type":"mrkdwn","verbatim":true,"text":"<slack://open|x>"}]}]}`, SlackLive, `odd link "slack://open"`},
		{`{"parse":"none","blocks":[{"type":"header","text":{"type":"plain_text","text":":tada:"}}]}`, SlackLive, "mark-up runs: emoji"},
		{`{"parse":"none","blocks":[{"type":"rich_text","elements":[{"type":"broadcast","range":"here"}]}]}`, SlackLive, `ping "@here"`},
		{`{"parse":"none","text":"a\u202eb"}`, SlackLive, "hidden U+202E"},
		{`{"allowed_mentions":{"parse":["everyone"]}}`, DiscordLive, "mark-up runs: mentions are allowed"},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"a @here"}]}`, DiscordLive, `ping "@here"`},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"\\<@1> <@1>"}]}`, DiscordLive, `ping "<@1>"`},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"a\n# b"}]}`, DiscordLive, "mark-up runs: heading"},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"- > b"}]}`, DiscordLive, "mark-up runs: list"},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"a ||b|| c"}]}`, DiscordLive, "mark-up runs: spoiler"},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"description":"[a](<https://evil.example>)"}]}`, DiscordLive, `link "https://evil.example" is not the document's`},
		{`{"allowed_mentions":{"parse":[]},"embeds":[{"title":"https://evil.example"}]}`, DiscordLive, `link "https://evil.example" is not the document's`},
	} {
		if got := c.read([]byte(c.body)).Wrong(Live{}, Places()[0].Post("x")); len(got) == 0 || got[0] != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}

// TestForged: a label that tells another place is seen through every dress,
// and a title that is about a place is left alone.
func TestForged(t *testing.T) {
	for label, want := range map[string]bool{
		"bank.example": true, "「evil.example」": true, "ＥＶＩＬ．example/login": true, "bank.example:443": true,
		"ログインは https://bank.example から": true, "見よ //evil.example": true, `\\bank.example を`: true, "書く mailto:a@bank.example": true,
		"bank.example のデータ漏えい": false, "00 evil.eXAmple0": false, "記事": false, "own.example": false,
		"https://own.example/?bank.example": false,
	} {
		if got := forged(label, "own.example"); got != want {
			t.Errorf("%q is forged: %v, want %v", label, got, want)
		}
	}
}
