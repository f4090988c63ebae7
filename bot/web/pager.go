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

// paged is the part of a list that ?page= asks for, the first by default.
func paged[T any](r *http.Request, all []T, size int) ([]T, pager, error) {
	p := pager{Page: 1}
	if v := r.URL.Query().Get("page"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 1<<20 {
			return nil, p, badRequest{fmt.Errorf("page %q: want a number from 1", v)}
		}
		p.Page = n
	}
	from := min((p.Page-1)*size, len(all))
	to := min(from+size, len(all))
	p.Newer = p.Page - 1
	if to < len(all) {
		p.Older = p.Page + 1
	}
	return all[from:to], p, nil
}
