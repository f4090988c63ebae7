package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// minPacked is the size in bytes below which compressing saves no packet.
const minPacked = 1400

// answer is a finished answer, which many requests may share.
type answer struct {
	status int
	kind   string // media type
	plain  encoded
	packed encoded // gzip; without content where it is not worth it
	// private answers are for one reader: nothing keeps them.
	private bool
}

// encoded is the body in one encoding, with what its headers say.
type encoded struct {
	content     []byte
	tag, length string
}

func encode(content []byte) encoded {
	sum := sha256.Sum256(content)
	return encoded{content, `"` + hex.EncodeToString(sum[:12]) + `"`, strconv.Itoa(len(content))}
}

func newAnswer(status int, kind string, body []byte) *answer {
	return &answer{status: status, kind: kind, plain: encode(body)}
}

// pack adds the compressed form, for answers that hold no secret.
func (a *answer) pack() *answer {
	if len(a.plain.content) < minPacked {
		return a
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	// Writing into memory cannot fail.
	_, _ = z.Write(a.plain.content)
	_ = z.Close()
	a.packed = encode(b.Bytes())
	return a
}

// send writes the answer, or says that the reader's copy is good.
func (a *answer) send(w http.ResponseWriter, r *http.Request) {
	h, e := w.Header(), a.plain
	if len(a.packed.content) > 0 {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			e = a.packed
			h.Set("Content-Encoding", "gzip")
		}
	}
	if a.status != http.StatusOK || a.private {
		h.Set("Cache-Control", "no-store")
	} else {
		h.Set("Cache-Control", "no-cache")
		h.Set("ETag", e.tag)
		if holds(r.Header.Get("If-None-Match"), e.tag) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	h.Set("Content-Type", a.kind)
	h.Set("Content-Length", e.length)
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		// The reader may be gone; nobody is left to tell.
		_, _ = w.Write(e.content)
	}
}

// acceptsGzip reads an Accept-Encoding list.
func acceptsGzip(list string) bool {
	for item := range strings.SplitSeq(list, ",") {
		name, weight, _ := strings.Cut(item, ";")
		if strings.TrimSpace(name) != "gzip" {
			continue
		}
		q, ok := strings.CutPrefix(strings.TrimSpace(weight), "q=")
		value, err := strconv.ParseFloat(q, 64)
		return !ok || err == nil && value > 0
	}
	return false
}

// holds reads an If-None-Match list; a weak tag is as good as a strong one.
func holds(list, tag string) bool {
	return list != "" && slices.ContainsFunc(strings.Split(list, ","), func(t string) bool {
		t = strings.TrimPrefix(strings.TrimSpace(t), "W/")
		return t == tag || t == "*"
	})
}
