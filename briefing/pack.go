package briefing

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// maxUnpacked is the most that a packed digest may hold, in bytes. A digest's
// file has at most 1 MiB; what is read of it is little more.
const maxUnpacked = 64 << 20

// errUnpack is all that can be said of bytes that are no packed digest.
var errUnpack = errors.New("not a packed digest, or a damaged one")

// Pack writes a digest down in about half the bytes of its file, with a
// checksum. Only the program that packed a digest can unpack it: nothing in
// the bytes says how they are laid out.
func Pack(d *Digest) []byte {
	p := newPacking()
	p.digest(d)
	return deflate(p.bytes)
}

// Unpack is the digest that was packed, equal to it in every field. Bytes that
// Pack did not make are an error.
func Unpack(packed []byte) (*Digest, error) {
	f, _ := inflaters.Get().(*inflater)
	if f == nil {
		f = &inflater{}
	}
	defer inflaters.Put(f)
	plain, err := f.inflate(packed)
	if err != nil {
		return nil, fmt.Errorf("unpack digest: %w", err)
	}
	p, d := &packing{bytes: plain, opens: true}, &Digest{}
	p.digest(d)
	if p.broken || len(p.bytes) > 0 {
		return nil, fmt.Errorf("unpack digest: %w", errUnpack)
	}
	return d, nil
}

// The compressors have tables of a megabyte, which are worth to be used again.
// The fastest level makes the bytes little more than the best one does.
var (
	deflaters = sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(nil, zlib.BestSpeed) // the level is right
		return w
	}}
	inflaters sync.Pool // of *inflater
)

// deflate compresses, and adds a checksum.
func deflate(plain []byte) []byte {
	var b bytes.Buffer
	w := deflaters.Get().(*zlib.Writer)
	defer deflaters.Put(w)
	w.Reset(&b)
	w.Write(plain) // memory cannot fail
	w.Close()
	return bytes.Clone(b.Bytes())
}

// inflater opens what deflate made, one after the other.
type inflater struct {
	zlib  io.ReadCloser // nil before the first
	plain bytes.Buffer
}

// inflate is what was compressed, once its checksum is right. It is good until
// the next one.
func (f *inflater) inflate(packed []byte) ([]byte, error) {
	if err := f.reset(bytes.NewReader(packed)); err != nil {
		return nil, errUnpack
	}
	f.plain.Reset()
	n, err := io.Copy(&f.plain, io.LimitReader(f.zlib, maxUnpacked+1))
	if err != nil || n > maxUnpacked {
		return nil, errUnpack
	}
	return f.plain.Bytes(), nil
}

func (f *inflater) reset(from io.Reader) (err error) {
	if f.zlib == nil {
		f.zlib, err = zlib.NewReader(from)
		return err
	}
	return f.zlib.(zlib.Resetter).Reset(from, nil)
}

// packing lays a digest out as bytes, or takes it from them: one description
// of the layout serves both ways, so that they cannot part.
type packing struct {
	bytes  []byte // written so far, or still to be read
	opens  bool   // reads
	broken bool   // the bytes ended early or make no sense
	// texts are those that were read, and numbers those that were written, from
	// 1: each stands in the bytes once. Every story names its section, and with
	// a heading of half a megabyte a digest would have gigabytes.
	texts   []string
	numbers map[string]int
}

func newPacking() *packing { return &packing{numbers: map[string]int{}} }

func (p *packing) digest(d *Digest) {
	packText(p, &d.Date)
	packText(p, &d.Title)
	packList(p, &d.KeyPoints, (*packing).keyPoint)
	packList(p, &d.Stories, (*packing).story)
	packList(p, &d.DeepDives, (*packing).section)
	packList(p, &d.Glossary, (*packing).term)
	packOption(p, &d.Outlook, (*packing).passage)
	packOption(p, &d.Conclusion, (*packing).passage)
	packList(p, &d.Citations, (*packing).citation)
	packList(p, &d.Sections, (*packing).section)
	packList(p, &d.CVEs, packText)
	packList(p, &d.Warnings, (*packing).warning)
}

func (p *packing) keyPoint(k *KeyPoint) {
	packNumber(p, &k.Line)
	packList(p, (*[]Block)(&k.Text), (*packing).block)
	packList(p, &k.Details, (*packing).detail)
	packList(p, &k.Sources, (*packing).source)
}

func (p *packing) detail(d *Detail) {
	packNumber(p, &d.Line)
	packText(p, &d.Heading)
}

func (p *packing) source(s *Source) {
	packText(p, &s.Title)
	packText(p, &s.URL)
}

func (p *packing) story(s *Story) {
	packNumber(p, &s.Line)
	packList(p, &s.Also, packNumber)
	packText(p, &s.Heading)
	packText(p, &s.Section)
	packList(p, (*[]Block)(&s.Text), (*packing).block)
	packList(p, (*[]Block)(&s.Short), (*packing).block)
	packList(p, &s.Sources, (*packing).citation)
}

func (p *packing) section(s *Section) {
	packNumber(p, &s.Line)
	packText(p, &s.Heading)
	packList(p, (*[]Block)(&s.Text), (*packing).block)
}

func (p *packing) passage(s *Passage) {
	packNumber(p, &s.Line)
	packList(p, (*[]Block)(&s.Text), (*packing).block)
}

func (p *packing) term(t *Term) {
	packNumber(p, &t.Line)
	packText(p, &t.Term)
	packList(p, &t.Aliases, packText)
	packText(p, &t.Definition)
}

func (p *packing) citation(c *Citation) {
	packNumber(p, &c.Line)
	packText(p, &c.Title)
	packText(p, &c.URL)
}

func (p *packing) warning(w *Warning) {
	packNumber(p, &w.Line)
	packText(p, &w.Code)
	packText(p, &w.Message)
	packNumber(p, &w.Severity)
}

func (p *packing) block(b *Block) {
	packNumber(p, &b.Kind)
	packNumber(p, &b.Level)
	packNumber(p, &b.Number)
	packNumber(p, &b.Line)
	packList(p, &b.Spans, (*packing).span)
}

func (p *packing) span(s *Span) {
	packText(p, &s.Text)
	packText(p, &s.URL)
	packFlag(p, &s.Strong)
	packFlag(p, &s.Code)
}

func packNumber[N ~int](p *packing, n *N) {
	if !p.opens {
		p.bytes = binary.AppendVarint(p.bytes, int64(*n))
		return
	}
	v, size := binary.Varint(p.bytes)
	if size <= 0 {
		p.fail()
		return
	}
	*n, p.bytes = N(v), p.bytes[size:]
}

func packFlag(p *packing, b *bool) {
	n := 0
	if *b {
		n = 1
	}
	packNumber(p, &n)
	*b = n == 1
}

// packText writes the number of a text that came before, or 0 and a new one.
func packText[S ~string](p *packing, s *S) {
	if p.opens {
		*s = S(p.readText())
	} else {
		p.writeText(string(*s))
	}
}

func (p *packing) writeText(s string) {
	number, length := p.numbers[s], len(s)
	packNumber(p, &number)
	if number > 0 {
		return
	}
	packNumber(p, &length)
	p.bytes = append(p.bytes, s...)
	p.numbers[s] = len(p.numbers) + 1
}

func (p *packing) readText() string {
	var number, length int
	packNumber(p, &number)
	switch {
	case number > 0 && number <= len(p.texts):
		return p.texts[number-1]
	case number == 0:
		packNumber(p, &length)
	}
	if number != 0 || length < 0 || length > len(p.bytes) {
		p.fail()
		return ""
	}
	s := string(p.bytes[:length])
	p.bytes = p.bytes[length:]
	p.texts = append(p.texts, s)
	return s
}

// packList writes the elements after one more than their number; 0 is nil,
// which is not the same as no element.
func packList[T any](p *packing, l *[]T, each func(*packing, *T)) {
	n := 0
	if *l != nil {
		n = len(*l) + 1
	}
	packNumber(p, &n)
	if p.opens && n > 0 {
		// Each element has a byte at least, so a wrong number is noticed here.
		if n-1 > len(p.bytes) {
			p.fail()
			return
		}
		*l = make([]T, n-1)
	}
	for i := range *l {
		if p.broken {
			return
		}
		each(p, &(*l)[i])
	}
}

// packOption writes what may be nil as a list of at most one.
func packOption[T any](p *packing, v **T, each func(*packing, *T)) {
	var l []T
	if *v != nil {
		l = []T{**v}
	}
	packList(p, &l, each)
	if p.opens && len(l) > 0 {
		*v = &l[0]
	}
}

// fail ends the reading: there is nothing left to make sense of.
func (p *packing) fail() { p.bytes, p.broken = nil, true }
