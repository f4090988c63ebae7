package main

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
)

// stamp is the version that the release script gives the program, with
// -ldflags "-X main.stamp=v1.2.3"; empty in other builds.
var stamp string

// builtInZones is the release of the time zone database that time/tzdata of
// this Go holds, which stands in lib/time/update.bash below GOROOT.
const builtInZones = "2025c"

// mainLibraries are those whose versions matter when something goes wrong.
var mainLibraries = []string{
	"github.com/slack-go/slack", "github.com/bwmarrin/discordgo",
	"github.com/riverqueue/river", "github.com/riverqueue/river/riverdriver/riversqlite", "github.com/riverqueue/river/riverdriver/riverpgxv5",
	"github.com/jackc/pgx/v5", "modernc.org/sqlite", "github.com/pressly/goose/v3",
	"github.com/yuin/goldmark", "github.com/mmcdole/gofeed", "golang.org/x/text",
}

// versionCommand is `version`.
type versionCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// versionReport is what `version --json` prints. Commit and CommitDate are
// empty in a build outside of version control.
type versionReport struct {
	Version    string    `json:"version"`
	Commit     string    `json:"commit"`
	CommitDate string    `json:"commit_date"` // RFC 3339
	Modified   bool      `json:"modified"`    // built from files that are in no commit
	Go         string    `json:"go"`
	Platform   string    `json:"platform"` // such as linux/amd64
	TZData     string    `json:"tzdata"`
	Libraries  []library `json:"libraries"`
}

type library struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

// Run prints the version of the program and of what it is made of.
func (c versionCommand) Run(e *environment) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("version: the program was built without build information")
	}
	report := versionOf(info, zonesIn(systemZones))
	if c.JSON {
		return printJSON(e.stdout, report)
	}
	p := &printer{w: e.stdout}
	p.line("cyberbrief %s", report.Version)
	if report.Commit != "" {
		p.line("commit %s of %s%s", report.Commit, report.CommitDate, map[bool]string{true: ", with changes that are in no commit"}[report.Modified])
	}
	p.line("go %s %s", report.Go, report.Platform)
	p.line("tzdata %s", report.TZData)
	for _, l := range report.Libraries {
		p.line("%s %s", l.Path, l.Version)
	}
	return p.err
}

// versionOf reads what the linker wrote down. zones is the release of the
// system's time zones, empty where it has none.
func versionOf(info *debug.BuildInfo, zones string) versionReport {
	r := versionReport{
		Version: cmp.Or(stamp, info.Main.Version), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		TZData: cmp.Or(zones, builtInZones+" (built in)"), Libraries: []library{},
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			r.Commit = s.Value
		case "vcs.time":
			r.CommitDate = s.Value
		case "vcs.modified":
			r.Modified = s.Value == "true"
		}
	}
	versions := map[string]string{}
	for _, d := range info.Deps {
		versions[d.Path] = d.Version
	}
	for _, path := range mainLibraries {
		if v := versions[path]; v != "" {
			r.Libraries = append(r.Libraries, library{path, v})
		}
	}
	return r
}

// systemZones is where Go looks for time zones before it takes its own.
const systemZones = "/usr/share/zoneinfo"

// zonesIn is the release of the time zones in a folder, as far as it says.
func zonesIn(folder string) string {
	if text, err := os.ReadFile(filepath.Join(folder, "+VERSION")); err == nil {
		return strings.TrimSpace(string(text)) + " (" + folder + ")"
	}
	// https://data.iana.org/time-zones/tz-how-to.html
	text, err := os.ReadFile(filepath.Join(folder, "tzdata.zi"))
	if first, _, _ := strings.Cut(string(text), "\n"); err == nil {
		if release, ok := strings.CutPrefix(first, "# version "); ok {
			return strings.TrimSpace(release) + " (" + folder + ")"
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "Asia", "Tokyo")); err == nil {
		return "unknown (" + folder + ")"
	}
	return ""
}
