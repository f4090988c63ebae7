package slack

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"cyberbrief/bot"
)

// refusing answers at once with what a limited Slack says.
type refusing struct{ at *[]time.Time }

func (r refusing) RoundTrip(req *http.Request) (*http.Response, error) {
	*r.at = append(*r.at, time.Now())
	return &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {"2.4"}}, Body: http.NoBody, Request: req}, nil
}

// However often connections are asked for, at most 6 go out in any 20 s and
// 30 in any 10 min.
func TestGateBoundsConnects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Time
		transport := bot.NewTransport(bot.TransportOptions{Base: refusing{&at}})
		g := &gate{transport, rate.NewLimiter(rate.Every(openEvery), openBurst), make(chan struct{}, 1), time.Now}
		began := time.Now()
		for time.Since(began) < time.Hour {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://slack.invalid/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := g.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			if got := resp.Header.Get("Retry-After"); got != "3" {
				t.Fatalf("Retry-After is %q", got)
			}
		}
		for _, bound := range []struct {
			most   int
			within time.Duration
		}{{6, 20 * time.Second}, {30, 10 * time.Minute}} {
			for i := range at {
				if j := i + bound.most; j < len(at) && at[j].Sub(at[i]) < bound.within {
					t.Fatalf("%d connects within %s", bound.most+1, at[j].Sub(at[i]))
				}
			}
		}
	})
}
