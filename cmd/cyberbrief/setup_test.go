package main

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// pattern is a regular expression of the schema. Go's engine has no
// look-ahead; the schema uses it for domains only, of which we name none.
type pattern struct {
	source string
	*regexp.Regexp
}

func (p pattern) String() string { return p.source }

func (p pattern) MatchString(s string) bool { return p.Regexp == nil || p.Regexp.MatchString(s) }

func compilePattern(source string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(source)
	if err != nil && strings.Contains(source, "(?!") {
		return pattern{source, nil}, nil
	}
	return pattern{source, re}, err
}

func TestManifestPassesSlacksSchema(t *testing.T) {
	const path = "../../../shared/specs/slack-manifest.schema.json"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("Slack's manifest schema is not here: %v", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseRegexpEngine(compilePattern)
	if err := compiler.AddResource("manifest.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]setupSlackCommand{
		"Socket Mode": {},
		"signed HTTP": {PublicURL: "https://bot.example.com"},
	} {
		printed, err := json.Marshal(c.manifest())
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(printed))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
