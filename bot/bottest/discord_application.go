package bottest

import (
	"maps"
	"net/http"
	"slices"
	"time"
)

// SetAhead sets the clock by which answers are dated so far ahead.
func (d *Discord) SetAhead(by time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead = by
}

// SetEndpoint is the Interactions Endpoint URL as the application's page has it.
func (d *Discord) SetEndpoint(url string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.endpointSet = url
}

func (d *Discord) getApplication(w http.ResponseWriter, _ *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	app := map[string]any{"id": DiscordApplicationID, "name": "cyberbrief", "verify_key": d.PublicKey()}
	if d.endpointSet != "" {
		app["interactions_endpoint_url"] = d.endpointSet
	}
	answerJSON(w, app)
}

// getGuilds lists the servers that have a channel.
// https://discord.com/developers/docs/resources/user#get-current-user-guilds
func (d *Discord) getGuilds(w http.ResponseWriter, _ *http.Request, _ []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	guilds := []map[string]any{}
	for _, id := range slices.Sorted(maps.Keys(d.roles)) {
		guilds = append(guilds, map[string]any{"id": id, "name": "server " + id})
	}
	answerJSON(w, guilds)
}

// date dates an answer.
func (d *Discord) date(h http.Header) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h.Set("Date", time.Now().Add(d.ahead).UTC().Format(http.TimeFormat))
}
