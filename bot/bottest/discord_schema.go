package bottest

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// discordSpec is Discord's official OpenAPI document, where it is kept beside
// the repository.
const discordSpec = "../shared/specs/discord-openapi.json"

// discordSchemas are the schemas of bodies by route; none of them where the
// document is not there.
var discordSchemas = sync.OnceValues(func() (map[string]*jsonschema.Schema, error) {
	file, err := openBesideRepository(discordSpec)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	doc, err := jsonschema.UnmarshalJSON(file)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("file:///discord.json", doc); err != nil {
		return nil, err
	}
	schemas := map[string]*jsonschema.Schema{}
	for route, path := range map[string]string{
		"POST users/@me/channels":                                 "/users/@me/channels",
		"POST channels/{channel}/messages":                        "/channels/{channel_id}/messages",
		"PATCH channels/{channel}/messages/{message}":             "/channels/{channel_id}/messages/{message_id}",
		"POST channels/{channel}/messages/{message}/threads":      "/channels/{channel_id}/messages/{message_id}/threads",
		"PUT applications/{application}/commands":                 "/applications/{application_id}/commands",
		"POST interactions/{interaction}/{token}/callback":        "/interactions/{interaction_id}/{interaction_token}/callback",
		"POST webhooks/{application}/{token}":                     "/webhooks/{webhook_id}/{webhook_token}",
		"PATCH webhooks/{application}/{token}/messages/@original": "/webhooks/{webhook_id}/{webhook_token}/messages/@original",
	} {
		if schemas[route], err = c.Compile(schemaAddress(route, path)); err != nil {
			return nil, err
		}
	}
	return schemas, nil
})

// schemaAddress points at the schema of a route's JSON body.
func schemaAddress(route, path string) string {
	method, _, _ := strings.Cut(route, " ")
	pointer := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)
	return "file:///discord.json#/paths/" + pointer + "/" + strings.ToLower(method) + "/requestBody/content/application~1json/schema"
}

// openBesideRepository opens a file named relative to the root of the
// repository, from wherever in it a test runs.
func openBesideRepository(name string) (*os.File, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return os.Open(filepath.Join(dir, name))
		}
		if dir == filepath.Dir(dir) {
			return nil, fs.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
}

// matchesSchema refuses a body that the OpenAPI document does not allow.
func (d *Discord) matchesSchema(w http.ResponseWriter, route string, body []byte) bool {
	schemas, err := discordSchemas()
	if err != nil {
		d.refuseBody(w, http.StatusBadRequest, 50035, "the OpenAPI document cannot be read: "+err.Error())
		return false
	}
	schema := schemas[route]
	if schema == nil || len(body) == 0 {
		return true
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		numberPermissions(v)
		err = schema.Validate(v)
	}
	if err != nil {
		d.refuseBody(w, http.StatusBadRequest, 50035, route+": "+err.Error())
	}
	return err == nil
}

// numberPermissions turns default_member_permissions of commands into
// numbers: the document says integer where the documentation and Discord
// itself say string.
func numberPermissions(v any) {
	commands, _ := v.([]any)
	for _, c := range commands {
		if m, ok := c.(map[string]any); ok {
			if s, ok := m["default_member_permissions"].(string); ok {
				if n, err := strconv.ParseInt(s, 10, 64); err == nil {
					m["default_member_permissions"] = n
				}
			}
		}
	}
}
