package web

import (
	"net/http"
	"regexp"
	"sync"
)

const (
	// maxKeptBytes bounds the pages kept in memory: ten years of briefings
	// in two languages fit.
	maxKeptBytes = 64 << 20
	// maxKeptPath is the longest path, in bytes, whose page is kept.
	maxKeptPath = 512
)

// memory keeps finished pages until the archive changes. It is safe for
// concurrent use.
type memory struct {
	mu       sync.RWMutex
	revision int64 // of the archive, of which all pages are
	pages    map[string]*answer
	bytes    int
}

// kept answers from memory where it can.
func (s *Site) kept(h handler) handler {
	return func(r *http.Request) (*answer, error) {
		key, ok := keyOf(r)
		if !ok {
			return h(r)
		}
		// Read before the page is made: a page of an archive that changes
		// meanwhile is made again.
		revision := s.opts.Library.Revision()
		if a := s.memory.get(key, revision); a != nil {
			return a, nil
		}
		a, err := h(r)
		if err == nil && a.status == http.StatusOK {
			s.memory.put(key, revision, a)
		}
		return a, err
	}
}

// keyOf names the page that a request asks for. Requests with a query other
// than a language or a month are not kept: there is no end of them.
func keyOf(r *http.Request) (string, bool) {
	if !keptQuery.MatchString(r.URL.RawQuery) || len(r.URL.RawPath)+len(r.URL.Path) > maxKeptPath {
		return "", false
	}
	return r.URL.RawQuery + " " + r.URL.EscapedPath(), true
}

// keptQuery are the queries of which there are only so many.
var keptQuery = regexp.MustCompile(`^(?:lang=(?:ja|en))?$|^(?:lang=(?:ja|en)&)?month=\d{4}-\d\d$`)

func (m *memory) get(key string, revision int64) *answer {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.revision != revision {
		return nil
	}
	return m.pages[key]
}

// put keeps a page. When memory is full, or the archive has changed, it
// starts afresh: what people read comes back at once.
func (m *memory) put(key string, revision int64, a *answer) {
	size := len(a.plain.content) + len(a.packed.content) + len(key)
	m.mu.Lock()
	defer m.mu.Unlock()
	if revision < m.revision {
		return
	}
	if m.pages == nil || revision > m.revision || m.bytes+size > maxKeptBytes {
		m.pages, m.bytes, m.revision = map[string]*answer{}, 0, revision
	}
	if _, known := m.pages[key]; !known {
		m.bytes += size
	}
	m.pages[key] = a
}
