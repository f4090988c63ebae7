package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"cyberbrief/bot"
)

// address is where a database is, as the configuration names it.
type address struct {
	// name can be shown: it holds no credentials.
	name string
	// redact cuts secrets out of every error about connecting.
	redact  *bot.Redactor
	connect func(context.Context, Options) (engine, *sql.DB, error)
}

// parseURL reads a database's URL. Its errors show only the scheme.
func parseURL(s string) (address, error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return address{}, errors.New("database url: no scheme; want sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE")
	}
	switch scheme {
	case "sqlite":
		return sqliteAddress(rest)
	case "postgres", "postgresql":
		return postgresAddress(s)
	}
	return address{}, fmt.Errorf("database url: unknown scheme %q; want sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE", scheme)
}

func sqliteAddress(path string) (address, error) {
	path = strings.TrimPrefix(path, "//")
	if path == "" || strings.ContainsAny(path, "?\x00") {
		return address{}, errors.New("database url: sqlite wants a file without parameters, for example sqlite:cyberbrief.db")
	}
	return address{
		name: "sqlite:" + path,
		connect: func(ctx context.Context, o Options) (engine, *sql.DB, error) {
			return openSQLite(ctx, path, o)
		},
	}, nil
}

func postgresAddress(s string) (address, error) {
	u, err := url.Parse(s)
	_, rest, slashes := strings.Cut(s, "://")
	// The parser's own error would show the password; and where an @ in it is
	// not escaped, parsers differ on where the host begins.
	if err != nil || !slashes || strings.Count(strings.SplitN(rest, "/", 2)[0], "@") > 1 {
		return address{}, errors.New("database url: not a valid address; want postgres://USER:PASSWORD@HOST/DATABASE, with special characters of the password written as %XX")
	}
	a := address{
		name: u.Scheme + "://" + u.Host + u.Path,
		connect: func(ctx context.Context, o Options) (engine, *sql.DB, error) {
			return openPostgres(ctx, s, o)
		},
	}
	var secrets []string
	for _, written := range passwords(u, s) {
		secrets = append(secrets, written)
		for _, unescape := range []func(string) (string, error){url.QueryUnescape, url.PathUnescape} {
			if meant, err := unescape(written); err == nil {
				secrets = append(secrets, meant)
			}
		}
	}
	a.redact = bot.NewRedactor(secrets...)
	return a, nil
}

// passwords are those in the address s, which parses as u, as they are
// written there: before the @ and among the parameters.
func passwords(u *url.URL, s string) (written []string) {
	userinfo, _, _ := strings.Cut(strings.TrimPrefix(s, u.Scheme+"://"), "@")
	if _, password, ok := strings.Cut(userinfo, ":"); ok && u.User != nil {
		written = append(written, password)
	}
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		if name, value, _ := strings.Cut(pair, "="); name == "password" || name == "sslpassword" {
			written = append(written, value)
		}
	}
	return written
}

// credentials matches what holds a password in an address, however short it
// is: one of a letter or two cannot be looked for in a text.
var credentials = regexp.MustCompile(`(://)[^/\s@]*@|\b((?:ssl)?password=)[^&\s"'` + "`" + `]+`)

// clean is err on one line, with the database's name and without secrets.
func (a address) clean(err error) error {
	text := a.redact.Redact(err.Error())
	text = credentials.ReplaceAllString(text, "${1}${2}<secret>")
	text = strings.Join(strings.Fields(text), " ")
	return &openError{text: fmt.Sprintf("open database %s: %s", a.name, text), cause: err}
}

// openError shows a cleaned text in place of its cause's own.
type openError struct {
	text  string
	cause error
}

func (e *openError) Error() string { return e.text }

// Is lets errors.Is find sentinels in the cause; the cause itself, whose text
// is not clean, cannot be reached.
func (e *openError) Is(target error) bool { return errors.Is(e.cause, target) }
