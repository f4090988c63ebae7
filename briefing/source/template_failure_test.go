package source

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// troubled answers for each date as its trouble says, and with the date as
// the digest where there is none. It asks nothing of any network, so that it
// works in a bubble.
type troubled struct {
	trouble map[string]func(*http.Request) (*http.Response, error) // by date; "" for every date
	asked   []string
}

func (s *troubled) RoundTrip(r *http.Request) (*http.Response, error) {
	date := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/2025-"), ".md")
	s.asked = append(s.asked, date)
	for _, key := range []string{date, ""} {
		if trouble := s.trouble[key]; trouble != nil {
			return trouble(r)
		}
	}
	return answerOf(http.StatusOK, date, nil), nil
}

func answerOf(status int, body string, header http.Header) *http.Response {
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body))}
}

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func isBroken(*http.Request) (*http.Response, error) {
	return answerOf(http.StatusInternalServerError, "", nil), nil
}

func asksForPause(*http.Request) (*http.Response, error) {
	return answerOf(http.StatusServiceUnavailable, "", http.Header{"Retry-After": {"600"}}), nil
}

func isCutOff(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }

func isDown(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

// TestTemplatePassesFailures looks from 3 July, the newest today on earth, back
// to 29 June. What is there arrives although other dates fail, the newest
// first, and a server that is at fault is not asked once a date.
func TestTemplatePassesFailures(t *testing.T) {
	type answers = map[string]func(*http.Request) (*http.Response, error)
	tests := []struct {
		name    string
		trouble answers
		looks   []string // the dates asked for; "=" before those that came
		longest time.Duration
	}{
		{"nothing", answers{}, []string{"=07-03 =07-02 =07-01 =06-30 =06-29", "07-03 07-02 07-01 06-30 06-29"}, 0},
		{"an old date hangs", answers{"06-30": hangs}, []string{"=07-03 =07-02 =07-01 06-30 =06-29", "07-03 07-02 07-01 06-29 06-30"}, fetchTime},
		{"the newest date hangs", answers{"07-03": hangs}, []string{"07-03 =07-02 =07-01 =06-30 =06-29", "07-02 07-01 06-30 06-29 07-03"}, fetchTime},
		{"two dates hang", answers{"07-03": hangs, "07-02": hangs}, []string{"07-03 07-02", "=07-01 =06-30 =06-29 07-03 07-02"}, 2 * fetchTime},
		{"answers are cut off", answers{"07-03": isCutOff}, []string{"07-03 =07-02 =07-01 =06-30 =06-29"}, 0},
		{"all hang", answers{"": hangs}, []string{"07-03 07-02", "07-01 06-30", "06-29 07-03"}, 2 * fetchTime},
		{"down", answers{"": isDown}, []string{"07-03", "07-02"}, 0},
		{"a date asks for a pause", answers{"07-03": asksForPause}, []string{"07-03", "=07-02 =07-01 =06-30 =06-29 07-03"}, 0},
		{"an old date asks for a pause", answers{"07-01": asksForPause}, []string{"=07-03 =07-02 07-01", "07-03 07-02 =06-30 =06-29 07-01"}, 0},
		{"more dates break than a look bears", answers{"07-03": isBroken, "07-02": isBroken, "07-01": isBroken, "06-30": isBroken},
			[]string{"07-03 07-02 07-01", "06-30 =06-29 07-03 07-02", "06-29 07-01 07-03 07-02"}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &troubled{trouble: tt.trouble}
				src, begin := newTroubled(t, s), time.Now()
				for n, want := range tt.looks {
					in := &inbox{}
					began := time.Now()
					_, err := src.Scan(t.Context(), in.take)
					if took := time.Since(began); took > tt.longest {
						t.Errorf("look %d took %v, want at most %v", n+1, took, tt.longest)
					}
					if got := s.came(in); got != want {
						t.Errorf("look %d: got %q, want %q (error %v)", n+1, got, want, err)
					}
					if (err == nil) != (len(tt.trouble) == 0) {
						t.Errorf("look %d: error %v", n+1, err)
					}
					time.Sleep(time.Duration(n+1)*time.Minute - time.Since(begin))
				}
			})
		})
	}
}

// newTroubled makes a template that s answers for.
func newTroubled(t *testing.T, s *troubled) *Template {
	today := time.Date(2025, 7, 2, 20, 0, 0, 0, time.UTC)
	begin := time.Now()
	src, err := NewTemplate("https://news.example/{date}.md", Options{
		Lookback: 3 * 24 * time.Hour, Now: func() time.Time { return today.Add(time.Since(begin)) },
	})
	if err != nil {
		t.Fatal(err)
	}
	src.client.Transport = s
	return src
}

// came says what was asked for since the last call, and what of it came.
func (s *troubled) came(in *inbox) string {
	there := in.got()
	for i, date := range s.asked {
		if strings.Contains(there, date+".md=") {
			s.asked[i] = "=" + date
		}
	}
	out := strings.Join(s.asked, " ")
	s.asked = nil
	return out
}

// A server that answers for no date is said to be at fault in the same words at
// every look, whichever dates it was asked for: the log tells of changes.
func TestTemplateFailsInTheSameWords(t *testing.T) {
	for _, trouble := range []func(*http.Request) (*http.Response, error){isBroken, asksForPause, isDown, isCutOff} {
		src := newTroubled(t, &troubled{trouble: map[string]func(*http.Request) (*http.Response, error){"": trouble}})
		var first string
		for range 3 {
			_, err := src.Scan(t.Context(), (&inbox{}).take)
			if err == nil || strings.Count(err.Error(), "fetch https://news.example/{date}.md: ") != 1 || strings.Contains(err.Error(), "2025") {
				t.Fatalf("got %v", err)
			}
			if first == "" {
				first = err.Error()
			}
			if err.Error() != first {
				t.Errorf("got %q, then %q", first, err)
			}
		}
	}
}

// A look whose context ends asks no further.
func TestTemplateEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &troubled{trouble: map[string]func(*http.Request) (*http.Response, error){"": func(r *http.Request) (*http.Response, error) {
		cancel()
		return hangs(r)
	}}}
	if _, err := newTroubled(t, s).Scan(ctx, (&inbox{}).take); !errors.Is(err, context.Canceled) || len(s.asked) != 1 {
		t.Errorf("asked for %q, error %v", s.asked, err)
	}
}
