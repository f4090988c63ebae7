package schedule_test

import (
	"testing"

	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"

	"github.com/rickar/cal/v2"
	"github.com/rickar/cal/v2/jp"
)

// names pairs the second source's names with ours.
var names = map[string]string{
	"New Year's Day": "元日", "Coming of Age Day": "成人の日", "National Foundation Day": "建国記念の日",
	"The Emperor's Birthday": "天皇誕生日", "Vernal Equinox Day": "春分の日", "Showa Day": "昭和の日",
	"Constitution Memorial Day": "憲法記念日", "Greenery Day": "みどりの日", "Children's Day": "こどもの日",
	"Marine Day": "海の日", "Mountain Day": "山の日", "Respect for the Aged Day": "敬老の日",
	"Autumnal Equinox Day": "秋分の日", "Sports Day": "スポーツの日", "Culture Day": "文化の日",
	"Labor Thanksgiving Day": "勤労感謝の日",
	"National holiday between Respect for the Aged Day and Autumnal Equinox Day": "休日",
}

func TestHolidaysAgreeWithASecondSource(t *testing.T) {
	second := cal.NewBusinessCalendar()
	second.AddHoliday(jp.Holidays...)
	count := 0
	for d := briefing.Date("2024-01-01"); d <= schedule.HolidaysUntil; d = d.AddDays(1) {
		actual, observed, h := second.IsHoliday(d.Time())
		name, ok := schedule.Holiday(d)
		if ok != (actual || observed) {
			t.Errorf("%s: Holiday = %q, %v; the second source says %v", d, name, ok, actual || observed)
			continue
		}
		if !ok {
			continue
		}
		count++
		want := names[h.Name]
		if !actual { // a Sunday's holiday moved to a weekday
			want = "休日"
		}
		if name != want {
			t.Errorf("%s: name %q, want %q (%s)", d, name, want, h.Name)
		}
	}
	if count < 7*16 {
		t.Errorf("only %d holidays in seven years", count)
	}
}
