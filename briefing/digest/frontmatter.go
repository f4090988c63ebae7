package digest

import (
	"bytes"
	"fmt"
	"strings"
)

// maxFrontMatter is how many lines of front matter are looked at.
const maxFrontMatter = 60

// frontMatter takes YAML between two lines of dashes off the start of r.src,
// leaving its lines empty. Its title and date serve where the digest has
// none of its own; the rest is for a site generator, not for readers.
func (r *reader) frontMatter() {
	fields, size := frontMatter(r.src)
	if size == 0 {
		return
	}
	for _, f := range fields {
		key, value, _ := strings.Cut(f, ":")
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		switch strings.ToLower(strings.TrimSpace(key)) {
		case "title":
			r.metaTitle = value
		case "date":
			r.metaDate = dateIn(value)
		}
	}
	r.advise(1, codeFrontMatter, fmt.Sprintf("the front matter is left out: %s", strings.Join(fields, "; ")))
	lines := bytes.Count(r.src[:size], []byte("\n"))
	r.src = append(bytes.Repeat([]byte("\n"), lines), r.src[size:]...)
}

// frontMatter lists the lines of the front matter of src that say something,
// and gives its size in bytes, 0 for none. A rule and then prose is none.
func frontMatter(src []byte) (fields []string, size int) {
	const fence = "---"
	keys := 0
	for n := 0; n < maxFrontMatter && size < len(src); n++ {
		line, _, more := bytes.Cut(src[size:], []byte("\n"))
		size += len(line)
		if more {
			size++
		}
		text := strings.TrimSpace(string(line))
		switch {
		case n == 0:
			if text != fence {
				return nil, 0
			}
		case text == fence || text == "...":
			if keys == 0 {
				return nil, 0
			}
			return fields, size
		case text == "":
		case yamlKey(text):
			keys++
			fields = append(fields, text)
		case keys > 0 && (strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "#") || line[0] == ' '):
			fields = append(fields, text)
		default:
			return nil, 0
		}
	}
	return nil, 0
}

// yamlKey says whether a line begins with a key: ASCII letters and a colon.
func yamlKey(text string) bool {
	key, _, ok := strings.Cut(text, ":")
	return ok && key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}
