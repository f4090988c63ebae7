package web

import "cyberbrief/bot"

// piece is a part of a text; Hit where it is a word that was searched for.
type piece struct {
	Text string
	Hit  bool
}

// mark parts a text, which it cleans, where a word of the search stands in it.
func mark(text, search string) []piece {
	text = bot.Clean(text)
	var out []piece
	end := 0
	add := func(to int, hit bool) {
		if end < to {
			out = append(out, piece{text[end:to], hit})
			end = to
		}
	}
	for _, at := range bot.Places(text, search) {
		add(at[0], false)
		add(at[1], true)
	}
	add(len(text), false)
	return out
}
