package config

import (
	"fmt"
	"strings"
)

// Problem is one variable that has to be changed. Value is empty for secrets
// and for variables that are missing.
type Problem struct {
	Variable string
	Value    string
	Message  string // what to write instead
}

func (p Problem) String() string {
	if p.Value == "" {
		return fmt.Sprintf("%s: %s", p.Variable, p.Message)
	}
	return fmt.Sprintf("%s=%q: %s", p.Variable, p.Value, p.Message)
}

// Problems are all problems at once, as an error of one line each.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// errorOrNil keeps an empty list from being an error.
func (ps Problems) errorOrNil() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// add appends a problem. The value may hold a password or a key in an address,
// which are taken out.
func (ps Problems) add(variable, value, message string) Problems {
	return append(ps, Problem{variable, redact(value), message})
}

// redact takes user and password out of an address, well-formed or not: what
// stands between "://" and the last "@" before the path. Of a query, where
// access keys stand, nothing is left.
func redact(value string) string {
	start := strings.Index(value, "://")
	if start < 0 {
		return value
	}
	start += len("://")
	if i := strings.Index(value[start:], "?"); i >= 0 {
		value = value[:start+i] + "?<secret>"
	}
	end := len(value)
	if i := strings.IndexAny(value[start:], "/?#"); i >= 0 {
		end = start + i
	}
	at := strings.LastIndex(value[start:end], "@")
	if at < 0 {
		return value
	}
	return value[:start] + "<secret>" + value[start+at:]
}
