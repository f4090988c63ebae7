package bot

import (
	"slices"
	"sync"

	"cyberbrief/briefing"
)

// maxOpen is how many books stay open: those of the last days are asked for
// again and again. An open one takes about 20 KB.
const maxOpen = 16

// openBooks are the books that were used last. They are safe for concurrent
// use.
type openBooks struct {
	mu    sync.Mutex
	books []bound // the last used first
}

// bound is a book and what stands in it.
type bound struct {
	*book
	digest *briefing.Digest
}

// open gives what stands in a book.
func (o *openBooks) open(b *book) (*briefing.Digest, error) {
	if digest := o.find(b); digest != nil {
		return digest, nil
	}
	digest, err := b.unpack()
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.books = slices.Insert(o.books, 0, bound{b, digest})
	if len(o.books) > maxOpen {
		o.books = slices.Delete(o.books, maxOpen, len(o.books))
	}
	return digest, nil
}

// find is what stands in an open book, which comes to the front; nil for
// others.
func (o *openBooks) find(b *book) *briefing.Digest {
	o.mu.Lock()
	defer o.mu.Unlock()
	i := slices.IndexFunc(o.books, func(x bound) bool { return x.book == b })
	if i < 0 {
		return nil
	}
	found := o.books[i]
	copy(o.books[1:i+1], o.books[:i])
	o.books[0] = found
	return found.digest
}
