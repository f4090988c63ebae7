package schedule_test

import (
	"fmt"
	"slices"
	"testing"

	"cyberbrief/bot/schedule"
	"cyberbrief/briefing"
)

// july turns days of July 2025 into dates.
func july(days ...int) []briefing.Date {
	var ds []briefing.Date
	for _, d := range days {
		ds = append(ds, briefing.Date(fmt.Sprintf("2025-07-%02d", d)))
	}
	return ds
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		name           string
		available, had []briefing.Date
		maxAge, today  int
		pick           []briefing.Date // none or one
		earlier        []briefing.Date
	}{
		{"first post takes the newest only", july(3, 2, 1), nil, 0, 4, july(3), nil},
		{"nothing there", nil, nil, 3, 4, nil, nil},
		{"nothing new", july(3, 2, 1), july(3), 3, 4, nil, nil},
		{"yesterday's", july(3, 2), july(2), 3, 4, july(3), nil},
		{"after a weekend", july(6, 5, 4, 3), july(3), 3, 7, july(6), july(5, 4)},
		{"named once only", july(7, 6, 5, 4, 3), july(6, 5, 4, 3), 3, 8, july(7), nil},
		{"too old to begin with", july(3), nil, 3, 7, nil, nil},
		{"just young enough", july(4), nil, 3, 7, july(4), nil},
		{"no limit of age", july(1), nil, 0, 31, july(1), nil},
		{"earlier ones may be older than the limit", july(20, 10, 9), july(9), 3, 21, july(20), july(10)},
		{"a late digest comes next", july(5, 4, 3), july(5, 3), 3, 6, july(4), nil},
		{"a late digest beside a new one", july(6, 5, 4, 3), july(5, 3), 3, 7, july(6), july(4)},
		{"a late one too old to matter", july(15, 4, 3), july(15, 3), 0, 16, nil, nil},
		{"the archive from before the first post stays there", july(9, 8, 7), july(9), 0, 10, nil, nil},
		{"a digest dated ahead of the channel's day", july(5), july(4), 3, 4, july(5), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			had, last := map[briefing.Date]bool{}, briefing.Date("")
			for _, d := range tt.had {
				had[d], last = true, max(last, d)
			}
			pick, earlier, ok := schedule.Choose(tt.available, had, last, tt.maxAge, july(tt.today)[0])
			want := append(tt.pick, "")[0]
			if pick != want || ok != (want != "") || !slices.Equal(earlier, tt.earlier) {
				t.Errorf("Choose = %v, %v, %v, want %v, %v", pick, earlier, ok, want, tt.earlier)
			}
		})
	}
}

func TestChooseNamesABoundedNumber(t *testing.T) {
	var available []briefing.Date
	for d := briefing.Date("2025-07-02"); d > "2025-01-01"; d = d.AddDays(-1) {
		available = append(available, d)
	}
	had := map[briefing.Date]bool{"2025-01-01": true}
	_, earlier, _ := schedule.Choose(available, had, "2025-01-01", 3, "2025-07-03")
	if len(earlier) != 30 || earlier[0] != "2025-07-01" {
		t.Errorf("earlier = %d dates from %v, want the newest 30", len(earlier), earlier[0])
	}
}
