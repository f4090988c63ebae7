package bot

import (
	"testing"
	"time"
)

func TestRecentForgets(t *testing.T) {
	now := time.Unix(0, 0)
	r := NewRecent(func() time.Time { return now })
	if !r.First("a") || r.First("a") || !r.First("b") {
		t.Error("an id is new once")
	}
	for range 2 {
		if !r.First("") {
			t.Error("no id is always new")
		}
	}
	now = now.Add(rememberFor)
	if r.First("a") {
		t.Error("forgotten too early")
	}
	now = now.Add(time.Second)
	if !r.First("a") {
		t.Error("never forgotten")
	}
	for i := range rememberMost * 2 {
		r.First(string(rune(i)) + "x")
	}
	if len(r.order) > rememberMost || len(r.known) > rememberMost {
		t.Errorf("%d ids are remembered", len(r.known))
	}
}
