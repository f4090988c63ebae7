package bottest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestDiscordRefusesModals(t *testing.T) {
	input := func(change map[string]any) map[string]any {
		in := map[string]any{"type": 4, "custom_id": "f", "style": 1, "label": strings.Repeat("あ", 45), "value": strings.Repeat("い", 4000), "placeholder": strings.Repeat("う", 100), "max_length": 4000}
		for name, value := range change {
			in[name] = value
		}
		return map[string]any{"type": 1, "components": []any{in}}
	}
	modal := func(change map[string]any, rows ...any) map[string]any {
		m := map[string]any{"custom_id": strings.Repeat("c", 100), "title": strings.Repeat("題", 45), "components": rows}
		for name, value := range change {
			m[name] = value
		}
		return m
	}
	var five, six []any
	for i := range 6 {
		if six = append(six, input(map[string]any{"custom_id": fmt.Sprint(i)})); i < 5 {
			five = append(five, six[i])
		}
	}
	for name, c := range map[string]struct {
		kind int
		data map[string]any
		word string // of the refusal; empty: accepted
	}{
		"the most there may be":   {discordComponentUsed, modal(nil, five...), ""},
		"after a command":         {discordCommandGiven, modal(nil, five...), ""},
		"after a modal":           {discordModalSent, modal(nil, five...), "cannot answer"},
		"while typing":            {discordAutocompleting, modal(nil, five...), "cannot answer"},
		"six rows":                {discordComponentUsed, modal(nil, six...), "components: 6"},
		"no rows":                 {discordComponentUsed, modal(nil), "no components"},
		"a title of 46":           {discordComponentUsed, modal(map[string]any{"title": strings.Repeat("題", 46)}, five...), "title"},
		"no title":                {discordComponentUsed, modal(map[string]any{"title": " "}, five...), "title is empty"},
		"a custom_id of 101":      {discordComponentUsed, modal(map[string]any{"custom_id": strings.Repeat("c", 101)}, five...), "custom_id"},
		"a label of 46":           {discordComponentUsed, modal(nil, input(map[string]any{"label": strings.Repeat("あ", 46)})), "label"},
		"a value of 4001":         {discordComponentUsed, modal(nil, input(map[string]any{"value": strings.Repeat("い", 4001)})), "value"},
		"a value over its length": {discordComponentUsed, modal(nil, input(map[string]any{"max_length": 10})), "max_length"},
		"a placeholder of 101":    {discordComponentUsed, modal(nil, input(map[string]any{"placeholder": strings.Repeat("う", 101)})), "placeholder"},
		"one custom_id twice":     {discordComponentUsed, modal(nil, input(nil), input(nil)), "there twice"},
		"a select":                {discordComponentUsed, modal(nil, input(map[string]any{"type": 3})), "no text input"},
		"a label component":       {discordComponentUsed, modal(nil, map[string]any{"type": 18}), "action row"},
		"something unknown":       {discordComponentUsed, modal(map[string]any{"flags": 64}, five...), "unknown field"},
	} {
		body, err := json.Marshal(c.data)
		if err != nil {
			t.Fatal(err)
		}
		_, why := readDiscordModal(body, c.kind)
		if (len(why) == 0) != (c.word == "") || !strings.Contains(strings.Join(why, "; "), c.word) {
			t.Errorf("%s: %.300s, want a word of %q", name, strings.Join(why, "; "), c.word)
		}
	}
}
