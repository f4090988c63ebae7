package bot

import "testing"

func TestChange(t *testing.T) {
	old := someSettings()
	changed := old
	changed.Time, changed.KeyPointsOnly = 540, true
	for _, c := range []struct{ before, after, want string }{
		{old.JSON(), changed.JSON(), "time 08:30 → 09:00, thread on → off"},
		{old.JSON(), old.JSON(), ""},
		{"", old.JSON(), "08:30 Asia/Tokyo daily"},
		{old.JSON(), "", "08:30 Asia/Tokyo daily"},
		{"active", "paused admin", "active → paused admin"},
		{"digest 2025-07-02", "", "digest 2025-07-02"},
		{"", "", ""},
		{"{not settings", "", "{not settings"},
	} {
		if got := (AuditEntry{Before: c.before, After: c.after}).Change(); got != c.want {
			t.Errorf("from %q to %q: %q, want %q", c.before, c.after, got, c.want)
		}
	}
}
