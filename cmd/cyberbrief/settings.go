package main

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"cyberbrief/bot"
	"cyberbrief/config"
)

// defaults are the settings of a new channel as the operator wants them.
func defaults(cfg config.Config) (bot.Settings, error) {
	s := bot.Settings{SkipHolidays: cfg.SkipHolidays, CatchUp: cfg.CatchUp.Duration, MaxAge: int(cfg.MaxAge)}
	for _, v := range []struct{ name, value string }{
		{"time", cfg.PostTime}, {"zone", cfg.TimeZone}, {"days", cfg.PostDays},
		{"catch-up", cfg.CatchUp.String()}, {"language", "ja"},
	} {
		if err := s.Set(v.name, v.value); err != nil {
			return s, fmt.Errorf("defaults of a new channel: %w", err)
		}
	}
	return s, nil
}

// refs are the channels named in CHANNELS.
func refs(cfg config.Config) ([]bot.Ref, error) {
	var all []bot.Ref
	for _, name := range cfg.Channels {
		ref, err := bot.ParseRef(name)
		if err != nil {
			return nil, fmt.Errorf("CHANNELS: %w", err)
		}
		all = append(all, ref)
	}
	return all, nil
}

// secrets are all values that may never be shown.
func secrets(cfg config.Config) []string {
	var all []string
	for _, s := range []config.Secret{
		cfg.SlackBotToken, cfg.SlackAppToken, cfg.SlackSigningSecret, cfg.DiscordToken, cfg.APIToken,
	} {
		if s != "" {
			all = append(all, s.Reveal())
		}
	}
	for _, address := range append([]string{cfg.DatabaseURL.Reveal()}, cfg.DigestSources...) {
		all = append(all, credentialsIn(address)...)
	}
	return all
}

// minKeyLen tells a key in the query of an address from a word.
const minKeyLen = 12

// credentialsIn are the password and the keys in an address.
func credentialsIn(address string) (all []string) {
	u, err := url.Parse(strings.TrimPrefix(address, "feed:"))
	if err != nil {
		return nil // neither packages show more than the scheme of it
	}
	if password, ok := u.User.Password(); ok {
		all = append(all, password)
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= minKeyLen {
				all = append(all, v)
			}
		}
	}
	return all
}

// newLogger makes the program's logger: no secret gets past it.
func newLogger(e *environment, cfg config.Config) *slog.Logger {
	opts := &slog.HandlerOptions{Level: cfg.LogLevel}
	var h slog.Handler = slog.NewTextHandler(e.stderr, opts)
	if cfg.LogFormat == "json" {
		h = slog.NewJSONHandler(e.stderr, opts)
	}
	return slog.New(bot.RedactHandler(h, secrets(cfg)...))
}
