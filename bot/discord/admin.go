package discord

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"cyberbrief/bot"
)

// permissions is a set of what a member may do.
// https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags
type permissions uint64

const (
	administrator         permissions = 1 << 3
	manageGuild           permissions = 1 << 5
	viewChannel           permissions = 1 << 10
	sendMessages          permissions = 1 << 11
	embedLinks            permissions = 1 << 14
	readMessageHistory    permissions = 1 << 16
	createPublicThreads   permissions = 1 << 35
	sendMessagesInThreads permissions = 1 << 38
	everything            permissions = 1<<64 - 1
)

// manageGuildDecimal is manageGuild as it stands in a command.
const manageGuildDecimal = "32"

// needed is what posting a briefing takes, with Discord's own names.
func needed() []struct {
	flag permissions
	name string
} {
	return []struct {
		flag permissions
		name string
	}{
		{viewChannel, "View Channel"},
		{sendMessages, "Send Messages"},
		{embedLinks, "Embed Links"},
		{readMessageHistory, "Read Message History"},
		{createPublicThreads, "Create Public Threads"},
		{sendMessagesInThreads, "Send Messages in Threads"},
	}
}

// parsePermissions reads the decimal digits that Discord writes.
func parsePermissions(s string) (permissions, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("permissions %q are no number", s)
	}
	return permissions(n), nil
}

// isAdmin reads the permissions that came with an interaction: who may manage
// the server may choose its channels. Nothing readable means no.
func isAdmin(s string) (bool, error) {
	p, err := parsePermissions(s)
	return err == nil && p&(administrator|manageGuild) != 0, err
}

// The types of channels that a briefing can be posted to.
// https://discord.com/developers/docs/resources/channel#channel-object-channel-types
const (
	channelText         = 0
	channelAnnouncement = 5
)

// room is a channel.
type room struct {
	identified
	Type       int         `json:"type"`
	GuildID    string      `json:"guild_id"`
	Name       string      `json:"name"`
	Overwrites []overwrite `json:"permission_overwrites"`
}

// overwrite changes the permissions of a role or a member in one channel.
type overwrite struct {
	identified
	Allow string `json:"allow"`
	Deny  string `json:"deny"`
}

type role struct {
	identified
	Permissions string `json:"permissions"`
}

type member struct {
	Roles []string `json:"roles"`
}

// Check asks whether the bot can post a briefing in the channel. Where Discord
// says no, the error says what to do, in both languages: admins read it in
// the answer to a command. Where it could not be asked, or does not
// tell, the error wraps bot.ErrUnchecked. It is a bot.Checker.
func (d *Discord) Check(ctx context.Context, ref bot.Ref) error {
	var ch room
	err := d.api.get(ctx, "channels/"+url.PathEscape(ref.Channel), &ch)
	switch {
	case hasCode(err, codeUnknownChannel):
		return unusable(codeOf(err), "チャンネルが見つかりません。ID を確かめ、ボットをサーバーに招待してください / "+
			"there is no such channel: check the id (Copy Channel ID), and that the bot was invited to the server")
	case hasCode(err, codeMissingAccess, codeMissingPermissions):
		return unusable(codeOf(err), "ボットがチャンネルを見られません。「チャンネルを見る」を許すか、サーバーに招待してください / "+
			"the bot cannot see the channel: give it View Channel there, or invite it to the server")
	case err != nil:
		return unchecked(err)
	case ch.GuildID != "" && ch.GuildID != ref.Tenant:
		return unusable("other_guild", "別のサーバーのチャンネルです / the channel is on another server than "+ref.Tenant)
	case ch.Type != channelText && ch.Type != channelAnnouncement:
		return unusable("channel_type", "テキストチャンネルでもアナウンスチャンネルでもありません / it is not a text or announcement channel")
	}
	have, err := d.permissionsIn(ctx, ref, ch)
	if err != nil {
		return unchecked(err)
	}
	return missing(have)
}

func unchecked(err error) error { return fmt.Errorf("%w: %w", bot.ErrUnchecked, err) }

func unusable(code, what string) error {
	return &bot.OutcomeError{Class: bot.ChannelGone, Code: code, Err: fmt.Errorf("discord: %s", what)}
}

// missing names the permissions that the bot lacks.
func missing(have permissions) error {
	var names []string
	for _, n := range needed() {
		if have&n.flag == 0 {
			names = append(names, n.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return unusable("missing_permissions", "ボットに足りない権限をチャンネルで許してください / "+
		"give the bot these permissions in the channel: "+strings.Join(names, ", "))
}

// permissionsIn are the bot's own permissions in a channel.
// https://discord.com/developers/docs/topics/permissions#permission-overwrites
func (d *Discord) permissionsIn(ctx context.Context, ref bot.Ref, ch room) (permissions, error) {
	me, err := d.self(ctx)
	if err != nil {
		return 0, err
	}
	var self member
	if err := d.api.get(ctx, "guilds/"+url.PathEscape(ref.Tenant)+"/members/"+url.PathEscape(me), &self); err != nil {
		return 0, err
	}
	var roles []role
	if err := d.api.get(ctx, "guilds/"+url.PathEscape(ref.Tenant)+"/roles", &roles); err != nil {
		return 0, err
	}
	if !slices.ContainsFunc(roles, func(r role) bool { return r.ID == ref.Tenant }) {
		return 0, errors.New("the server has no role of everyone")
	}
	return effective(ref.Tenant, me, self.Roles, roles, ch.Overwrites), nil
}

// effective adds up the roles, then the channel's changes for everyone, for
// the roles together, and for the member. The role of everyone has the id of
// the guild.
func effective(guild, me string, mine []string, roles []role, changes []overwrite) permissions {
	var p permissions
	for _, r := range roles {
		if r.ID == guild || slices.Contains(mine, r.ID) {
			have, _ := parsePermissions(r.Permissions)
			p |= have
		}
	}
	if p&administrator != 0 {
		return everything
	}
	p = change(p, changes, func(id string) bool { return id == guild })
	p = change(p, changes, func(id string) bool { return id != guild && slices.Contains(mine, id) })
	return change(p, changes, func(id string) bool { return id == me })
}

func change(p permissions, changes []overwrite, concerns func(id string) bool) permissions {
	var allow, deny permissions
	for _, c := range changes {
		if concerns(c.ID) {
			a, _ := parsePermissions(c.Allow)
			d, _ := parsePermissions(c.Deny)
			allow, deny = allow|a, deny|d
		}
	}
	return p&^deny | allow
}
