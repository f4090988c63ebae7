package bottest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
)

// Permissions that the bot needs, or may have.
// https://discord.com/developers/docs/topics/permissions#permissions-bitwise-permission-flags
const (
	discordAdministrator         = 1 << 3
	discordSendMessages          = 1 << 11
	discordManageThreads         = 1 << 34
	discordCreatePublicThreads   = 1 << 35
	discordSendMessagesInThreads = 1 << 38
)

// ArchiveThreads puts all threads away, as Discord does when nobody wrote in
// them for a while.
func (d *Discord) ArchiveThreads() {
	d.changeThreads(func(ch *discordChannel) { ch.archived = true })
}

// LockThreads locks all threads, as a moderator does, and puts them away if
// archived.
func (d *Discord) LockThreads(archived bool) {
	d.changeThreads(func(ch *discordChannel) { ch.locked, ch.archived = true, archived })
}

func (d *Discord) changeThreads(change func(*discordChannel)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ch := range d.channels {
		if ch.parent != "" {
			change(ch)
		}
	}
}

// StartThread starts the thread below a message as a person does, and gives
// its id.
func (d *Discord) StartThread(channel, message, person, name string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.addThread(d.channels[channel], message, person, name).id
}

// ThreadArchived says whether a thread was put away.
func (d *Discord) ThreadArchived(thread string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.channels[thread] != nil && d.channels[thread].archived
}

// addThread makes the one thread that a message can have. The caller holds mu.
func (d *Discord) addThread(ch *discordChannel, message, owner, name string) *discordChannel {
	id := message
	if d.ownThreadIDs {
		id = d.newID()
	}
	thread := &discordChannel{id: id, parent: message, in: ch, guild: ch.guild, owner: owner, name: name, kind: discordThread, nonces: map[string]discordNonce{}}
	d.channels[id] = thread
	return thread
}

// managesThreads says whether the bot may do what moderators do. The caller
// holds mu.
func (d *Discord) managesThreads(guild string) bool {
	return d.granted(guild)&(discordAdministrator|discordManageThreads) != 0
}

// granted is what the bot may do on a server. The caller holds mu.
func (d *Discord) granted(guild string) (all uint64) {
	for _, r := range d.roles[guild] {
		p, _ := strconv.ParseUint(r.Permissions, 10, 64)
		all |= p
	}
	return all
}

// allows refuses what the bot may not do in a channel; a thread takes its
// permissions from the channel that it is in. The caller holds mu.
func (d *Discord) allows(w http.ResponseWriter, ch *discordChannel, permission uint64) bool {
	granted := d.granted(ch.guild)
	if granted&discordAdministrator == 0 {
		for _, change := range cmp.Or(ch.in, ch).changes {
			denied, _ := strconv.ParseUint(change.Deny, 10, 64)
			granted &^= denied
		}
		if granted&permission == 0 && ch.guild != "" { // messages to one person need none
			refuse(w, http.StatusForbidden, 50013, "Missing Permissions")
			return false
		}
	}
	return true
}

// open refuses to change what is in a thread that was locked, or put away: then
// messages can only be removed. The caller holds mu.
// https://discord.com/developers/docs/topics/threads#active-&-archived-threads
func (d *Discord) open(w http.ResponseWriter, ch *discordChannel, removal bool) bool {
	locked := ch.locked && !d.managesThreads(ch.guild)
	switch {
	case ch.archived && (locked || !removal):
		refuse(w, http.StatusBadRequest, 50083, "Thread is archived")
	case locked && !removal:
		refuse(w, http.StatusForbidden, 160005, "Thread is locked")
	default:
		return true
	}
	return false
}

// editChannel takes a thread out again, puts it away, or names it: the first
// may anybody while it is not locked, the others who started it, and all of it
// moderators. One that is put away has to be taken out to be changed.
// https://discord.com/developers/docs/topics/threads#editing-&-deleting-threads
// https://discord.com/developers/docs/resources/channel#modify-channel-json-params-thread
func (d *Discord) editChannel(w http.ResponseWriter, r *http.Request, body []byte) {
	var b struct {
		Archived *bool  `json:"archived"`
		Name     string `json:"name"`
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	ch := d.channel(w, r)
	if ch == nil {
		return
	}
	if err := json.Unmarshal(body, &b); err != nil || b.Archived == nil || ch.parent == "" {
		refuse(w, http.StatusBadRequest, 50035, "Invalid Form Body")
		return
	}
	mine := ch.owner == DiscordBotID && !ch.locked || d.managesThreads(ch.guild)
	onlyOut := !*b.Archived && b.Name == "" && !ch.locked
	switch {
	case !mine && !onlyOut:
		refuse(w, http.StatusForbidden, 50013, "Missing Permissions")
	case ch.archived && *b.Archived:
		refuse(w, http.StatusBadRequest, 50083, "Thread is archived")
	default:
		ch.archived, ch.name = *b.Archived, cmp.Or(b.Name, ch.name)
		d.notify()
		answerJSON(w, ch.json())
	}
}
