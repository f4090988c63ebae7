package bot

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"cyberbrief/briefing/briefingtest"
)

func TestParseRef(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Ref // zero: refused
	}{
		{"slack:T1/C1", Ref{Installation{Slack, "T1"}, "C1"}},
		{"discord:123456789012345678/223456789012345678", Ref{Installation{Discord, "123456789012345678"}, "223456789012345678"}},
		{"console:general", Ref{Installation{Console, ""}, "general"}},
		{"", Ref{}},
		{"slack", Ref{}},
		{"slack:", Ref{}},
		{"slack:T1", Ref{}},
		{"slack:T1/", Ref{}},
		{"slack:/C1", Ref{}},
		{"slack:T1/C1/C2", Ref{}},
		{"slack:T1/C 1", Ref{}},
		{"slack:T1/../C1", Ref{}},
		{"slack:T1/Ｃ1", Ref{}},
		{"Slack:T1/C1", Ref{}},
		{"teams:T1/C1", Ref{}},
		{"console:", Ref{}},
		{"console:a/b", Ref{}},
		{"console:全体", Ref{}},
	} {
		got, err := ParseRef(c.in)
		if got != c.want || (err == nil) != (c.want != Ref{}) {
			t.Errorf("ParseRef(%q) = %v, %v; want %v", c.in, got, err, c.want)
		}
	}
}

func TestRefText(t *testing.T) {
	id := rapid.StringMatching(`[A-Za-z0-9_-]{1,64}`)
	briefingtest.Check(t, func(t *rapid.T) {
		want := Ref{Installation{rapid.SampledFrom([]Platform{Slack, Discord, Console}).Draw(t, "platform"), ""}, id.Draw(t, "channel")}
		if want.Platform != Console {
			want.Tenant = id.Draw(t, "tenant")
		}
		b, err := json.Marshal(map[Ref]Ref{want: want})
		if err != nil {
			t.Fatal(err)
		}
		var got map[Ref]Ref
		if err := json.Unmarshal(b, &got); err != nil || got[want] != want {
			t.Fatalf("%s came back as %v, %v", b, got, err)
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"slack:T1/C1", "discord:1/2", "console:a", "slack:T1//C1", ":"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ref, err := ParseRef(s); err == nil && ref.String() != s {
			t.Errorf("ParseRef(%q) is written %q", s, ref)
		}
	})
}

func TestParseClock(t *testing.T) {
	const refused = Clock(-1)
	for _, c := range []struct {
		in   string
		want Clock
	}{
		{"08:30", 510}, {"8:30", 510}, {"00:00", 0}, {"23:59", 1439}, {" 09:05 ", 545}, {"８：３０", 510},
		{"24:00", refused}, {"12:60", refused}, {"8:3", refused}, {"08:30:00", refused}, {"8.30", refused},
		{"-1:00", refused}, {"", refused}, {"8:30am", refused},
	} {
		got, err := ParseClock(c.in)
		if c.want == refused {
			if err == nil {
				t.Errorf("ParseClock(%q) = %v, want an error", c.in, got)
			}
			continue
		}
		if err != nil || got != c.want {
			t.Errorf("ParseClock(%q) = %v, %v; want %v", c.in, got, err, c.want)
		}
		if again, err := ParseClock(got.String()); again != got || err != nil {
			t.Errorf("%v is written %q, which reads as %v, %v", int(got), got, again, err)
		}
	}
}

func TestParseWeekdays(t *testing.T) {
	for _, c := range []struct {
		in, written string // written is empty where in is refused
		want        Weekdays
	}{
		{"daily", "daily", nil},
		{"", "daily", nil},
		{"Weekdays", "weekdays", Weekdays{1, 2, 3, 4, 5}},
		{"mon,tue,wed,thu,fri", "weekdays", Weekdays{1, 2, 3, 4, 5}},
		{"sun", "sun", Weekdays{time.Sunday}},
		{"fri, MON ,fri", "mon,fri", Weekdays{time.Monday, time.Friday}},
		{"ｍｏｎ，ｗｅｄ", "mon,wed", Weekdays{time.Monday, time.Wednesday}},
		{"sat,fri,thu,wed,tue,mon,sun", "daily", nil},
		{"monday", "", nil},
		{"mon,,tue", "", nil},
		{"mon-fri", "", nil},
	} {
		got, err := ParseWeekdays(c.in)
		if (err != nil) != (c.written == "") {
			t.Errorf("ParseWeekdays(%q): error %v", c.in, err)
		}
		if err != nil {
			continue
		}
		if d := cmp.Diff(c.want, got); d != "" || got.String() != c.written {
			t.Errorf("ParseWeekdays(%q) is written %q, want %q (-want +got):\n%s", c.in, got, c.written, d)
		}
		for d := time.Sunday; d <= time.Saturday; d++ {
			again, err := ParseWeekdays(got.String())
			if err != nil || got.Has(d) != again.Has(d) {
				t.Errorf("%q written and read again differs on %v", c.in, d)
			}
		}
	}
}
