package web

import (
	"fmt"
	"net/http"
	"strconv"
)

// pager leads to the pages before and after; 0 is none.
type pager struct {
	Page, Newer, Older int
}

// maxPage is the last page number that is read: no list is that long.
const maxPage = 1 << 20

// pageNumber is the page that ?page= asks for, the first by default.
func pageNumber(r *http.Request) (int, error) {
	v := r.URL.Query().Get("page")
	if v == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxPage {
		return 0, badRequest{fmt.Errorf("page %q: want a number from 1", v)}
	}
	return n, nil
}

// pagerOf leads around page n of a list.
func pagerOf(n, size, total int) pager {
	p := pager{Page: n}
	if n > 1 {
		p.Newer = min(n-1, max(1, (total+size-1)/size))
	}
	if n*size < total {
		p.Older = n + 1
	}
	return p
}

// paged is the part of a list that a request asks for.
func paged[T any](r *http.Request, all []T, size int) ([]T, pager, error) {
	n, err := pageNumber(r)
	if err != nil {
		return nil, pager{}, err
	}
	from := min((n-1)*size, len(all))
	return all[from:min(from+size, len(all))], pagerOf(n, size, len(all)), nil
}
