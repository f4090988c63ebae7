package bot

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// channelField is the field of addForm that the settings have not.
const channelField = "channel"

// addedWith are the settings that addForm asks for; the others have their
// defaults and a form of their own.
var addedWith = []string{"time", "zone", "days", "language"}

// offerAdding is the answer to `add` alone.
func offerAdding(req Request) Document {
	doc := Document{Prose{plain(in(req.Language,
		"どのチャンネルに配信しますか？「/briefing-admin add #channel 08:30」と入力することもできます。",
		"Which channel shall get briefings? You can also type /briefing-admin add #channel 08:30."))}}
	return append(doc, addButtons(req)...)
}

// addButtons open the form that adds a channel, or add the one here.
func addButtons(req Request) Document {
	var row Buttons
	if picksChannels(req.Ref.Platform) {
		row = append(row, adminButton(in(req.Language, "➕ チャンネルを選んで追加", "➕ Pick a channel to add"), "add-form"))
	}
	if req.Ref.Channel != "" {
		row = append(row, adminButton(in(req.Language, "📍 このチャンネルを追加", "📍 Add this channel"), "add here"))
	}
	if len(row) == 0 {
		return nil
	}
	return Document{row}
}

// addForm is `add-form`, which opens the form that adds a channel, and with
// what was filled in adds it.
func (r *Router) addForm(ctx context.Context, req Request, _ string) (Reply, error) {
	form := r.newAddForm(req)
	if req.Answers == nil {
		return Reply{Form: form, Document: offerAdding(req)}, nil
	}
	ch := Channel{Settings: r.opts.Defaults, AddedAt: r.opts.Clock()}
	problems := ch.setAll(partAll, only(addedWith, req.Answers), req.Language)
	var err error
	if ch.Ref, err = r.newChannel(ctx, req); err != nil {
		public, ok := errors.AsType[*userError](err)
		if !ok {
			return Reply{}, err
		}
		problems[channelField] = public.say(req.Language)
	}
	var doc Document
	if len(problems) == 0 {
		doc, err = r.add(ctx, req, ch)
		public, refused := errors.AsType[*userError](err)
		if !refused {
			return Reply{Document: doc, Changed: err == nil}, err
		}
		problems[channelField] = public.say(req.Language)
	}
	form.fill(req.Answers, problems)
	return Reply{Form: form, Document: append(form.complaint(req.Language), addButtons(req)...)}, nil
}

// newChannel is the channel that was picked, which gets no briefings yet.
func (r *Router) newChannel(ctx context.Context, req Request) (Ref, error) {
	picked := strings.TrimSpace(req.Answers[channelField])
	if !plainID(picked) {
		return Ref{}, mistake("チャンネルを選んでください。", "Pick a channel.")
	}
	ref := Ref{req.Ref.Installation, picked}
	return ref, r.isNew(ctx, ref)
}

func (r *Router) newAddForm(req Request) *Form {
	f := &Form{
		Title:    in(req.Language, "配信チャンネルの追加", "Add a channel"),
		Submit:   in(req.Language, "追加", "Add"),
		Action:   Action{Command: "briefing-admin", Argument: "add-form"},
		Language: req.Language,
		Fields: []Field{{
			Name: channelField, Label: in(req.Language, "チャンネル", "Channel"), Kind: ChannelOf, Value: req.Ref.Channel,
			Hint: in(req.Language, "非公開チャンネルには先にボットを招待してください。", "Invite the bot to a private channel first."),
		}},
	}
	for _, s := range settings {
		if slices.Contains(addedWith, s.name) {
			f.Fields = append(f.Fields, s.field(r.opts.Defaults, req.Language))
		}
	}
	return f
}

// only are the answers of those names.
func only(names []string, answers map[string]string) map[string]string {
	kept := map[string]string{}
	for _, name := range names {
		if v, ok := answers[name]; ok {
			kept[name] = v
		}
	}
	return kept
}
