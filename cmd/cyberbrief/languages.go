package main

import (
	"context"
	"sync"

	"cyberbrief/bot"
	"cyberbrief/briefing"
)

// languages are those of the channels, in memory: a command is acknowledged
// in its channel's language also while the database stalls. Safe for
// concurrent use.
type languages struct {
	mu sync.RWMutex
	of map[bot.Ref]briefing.Language
}

// language is that of a channel, Japanese for one that is not known. What is
// in no channel, such as Slack's home tab, is in English where every channel
// of the installation is.
func (l *languages) language(ref bot.Ref) briefing.Language {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if lang, ok := l.of[ref]; ok {
		return lang
	}
	if ref.Channel == "" && l.allEnglish(ref.ID()) {
		return briefing.English
	}
	return briefing.Japanese
}

// allEnglish says whether an installation has channels, and all in English.
// The caller holds mu.
func (l *languages) allEnglish(in bot.InstallationID) bool {
	some := false
	for ref, lang := range l.of {
		if ref.ID() == in && lang != briefing.English {
			return false
		}
		some = some || ref.ID() == in
	}
	return some
}

// refresh learns the languages of all channels.
func (l *languages) refresh(ctx context.Context, k bot.ChannelKeeper) error {
	channels, err := k.Channels(ctx)
	if err != nil {
		return err
	}
	of := make(map[bot.Ref]briefing.Language, len(channels))
	for _, c := range channels {
		of[c.Ref] = c.Language
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.of = of
	return nil
}

// listening is a ChannelKeeper that tells languages of each change at once.
type listening struct {
	bot.ChannelKeeper
	languages *languages
}

// PutChannel implements bot.ChannelKeeper.
func (k listening) PutChannel(ctx context.Context, c bot.Channel, e bot.AuditEntry) error {
	if err := k.ChannelKeeper.PutChannel(ctx, c, e); err != nil {
		return err
	}
	k.languages.mu.Lock()
	defer k.languages.mu.Unlock()
	if k.languages.of == nil {
		k.languages.of = map[bot.Ref]briefing.Language{}
	}
	k.languages.of[c.Ref] = c.Language
	return nil
}
