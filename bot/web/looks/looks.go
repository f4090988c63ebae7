// Package looks shows the messages that would be sent to Slack and Discord as
// people would see them there: the very JSON bodies, drawn as HTML. It draws
// what the bot's renderers use and names whatever else it finds, so that a
// preview hides nothing. It is no copy of either product, only near enough to
// judge a post by.
package looks

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"

	"cyberbrief/briefing"
)

// Scene is where the messages are shown.
type Scene struct {
	Channel string // without #
	// Time is the time of day beside each message, such as 8:30.
	Time string
	// ThreadTitle names the thread on Discord.
	ThreadTitle string
	Language    briefing.Language
}

//go:embed looks.css
var style string

var sheet = template.Must(template.New("sheet").Parse(`<!doctype html>
<html lang="{{.Lang}}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{{.StyleHash}}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body{{if gt (len .Looks) 1}} class="pair"{{end}}>
<main>
<h1>{{.Title}}</h1>
{{range .Looks}}{{.}}
{{end}}</main>
</body>
</html>
`))

// Page is a whole HTML document that shows looks side by side, one below the
// other where the window is narrow. It needs no other file and runs no script.
func Page(title string, lang briefing.Language, looks ...template.HTML) ([]byte, error) {
	hash := sha256.Sum256([]byte(style))
	var b bytes.Buffer
	err := sheet.Execute(&b, map[string]any{
		"Title": title, "Lang": lang, "Looks": looks,
		// The style is a file of this package, not text from outside.
		"Style":     template.CSS(style),
		"StyleHash": "sha256-" + base64.StdEncoding.EncodeToString(hash[:]),
	})
	if err != nil {
		return nil, fmt.Errorf("draw page: %w", err)
	}
	return b.Bytes(), nil
}

// in picks the words of the scene's language.
func (s Scene) in(ja, en string) string {
	if s.Language == briefing.English {
		return en
	}
	return ja
}

// read decodes every message; the error names the one that is not JSON.
func read[T any](platform string, messages []json.RawMessage) ([]T, error) {
	all := make([]T, len(messages))
	for i, m := range messages {
		if err := json.Unmarshal(m, &all[i]); err != nil {
			return nil, fmt.Errorf("draw %s message %d: %w", platform, i, err)
		}
	}
	return all, nil
}
