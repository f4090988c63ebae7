package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// Secret is a value that is never shown: every way of printing it gives
// <secret>, or nothing when it is empty.
type Secret string

// Reveal is the value itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "<secret>"
}

// GoString hides the value from those who ask for it without fmt.
func (s Secret) GoString() string { return s.String() }

// Format hides the value from every verb, the wrong ones (%d) included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText hides the value from encoding/json and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the value from log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// List is a comma-separated list; spaces around its items and empty items do
// not count.
type List []string

// Decode reads a list, for envconfig.
func (l *List) Decode(value string) error {
	for item := range strings.SplitSeq(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			*l = append(*l, item)
		}
	}
	return nil
}

// URL is an http or https address, or empty. It has no slash at its end.
type URL string

// Decode reads an address, for envconfig.
func (u *URL) Decode(value string) error {
	if err := checkURL(value); err != nil {
		return err
	}
	*u = URL(strings.TrimRight(value, "/"))
	return nil
}

// Duration is a length of time, written as Go does (90s, 1h30m) or in whole
// days (7d).
type Duration struct{ time.Duration }

// Decode reads a duration, for envconfig.
func (d *Duration) Decode(value string) error {
	errForm := errors.New("want a length of time such as 30s, 15m, 4h or 7d, longer than 0")
	if n, ok := wholeDays(value); ok {
		d.Duration = time.Duration(n) * 24 * time.Hour
	} else if v, err := time.ParseDuration(value); err == nil {
		d.Duration = v
	} else {
		return errForm
	}
	if d.Duration <= 0 {
		return errForm
	}
	return nil
}

// Days is a number of days: 3, 3d or 72h.
type Days int

// Decode reads a number of days, for envconfig.
func (d *Days) Decode(value string) error {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 && n <= maxDays {
		*d = Days(n)
		return nil
	}
	if n, ok := wholeDays(value); ok {
		*d = Days(n)
		return nil
	}
	if v, err := time.ParseDuration(value); err == nil && v >= 0 && v%(24*time.Hour) == 0 {
		*d = Days(v / (24 * time.Hour))
		return nil
	}
	return errors.New("want a number of days such as 3, 0 for no limit")
}

// maxDays keeps a number of days far from overflowing a time.Duration.
const maxDays = 36500

// wholeDays reads 7d.
func wholeDays(s string) (int, bool) {
	n, isDays := strings.CutSuffix(s, "d")
	days, err := strconv.Atoi(n)
	return days, isDays && err == nil && days >= 0 && days <= maxDays
}
