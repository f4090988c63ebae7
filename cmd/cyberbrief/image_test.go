package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
)

// dockerfile is what a Dockerfile says, as far as these tests ask.
type dockerfile struct {
	from   []string   // images, by stage
	copies [][]string // of the first stage: sources, then the target
	last   []instruction
}

type instruction struct{ name, rest string }

func readDockerfile(t *testing.T) dockerfile {
	t.Helper()
	text, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	var d dockerfile
	whole := strings.ReplaceAll(string(text), "\\\n", " ")
	for line := range strings.SplitSeq(whole, "\n") {
		name, rest, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		switch {
		case name == "FROM":
			fields := strings.Fields(regexp.MustCompile(`--\S+ `).ReplaceAllString(rest, ""))
			d.from, d.last = append(d.from, fields[0]), nil
		case name == "COPY" && len(d.from) == 1:
			d.copies = append(d.copies, strings.Fields(rest))
		}
		d.last = append(d.last, instruction{name, strings.TrimSpace(rest)})
	}
	return d
}

// all are the arguments of each instruction of a name in the last stage.
func (d dockerfile) all(name string) []string {
	var found []string
	for _, i := range d.last {
		if i.name == name {
			found = append(found, i.rest)
		}
	}
	return found
}

// one is the argument of the only instruction of a name in the last stage.
func (d dockerfile) one(t *testing.T, name string) string {
	t.Helper()
	found := d.all(name)
	if len(found) != 1 {
		t.Fatalf("%d instructions %s in the last stage, want one", len(found), name)
	}
	return found[0]
}

// words reads an instruction in its JSON form.
func words(t *testing.T, text string) []string {
	t.Helper()
	var all []string
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return all
}

func TestDockerfile(t *testing.T) {
	d := readDockerfile(t)
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(string(mod))[1]
	if want := []string{"golang:" + version + "-bookworm", "scratch"}; !slices.Equal(d.from, want) {
		t.Errorf("built on %q, want %q: the Go of go.mod, and nothing", d.from, want)
	}
	ignored, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range d.copies {
		for _, source := range c[:len(c)-1] {
			if _, err := os.Stat(filepath.Join("../..", source)); err != nil {
				t.Errorf("COPY %s: %v", source, err)
			}
			if !strings.Contains(string(ignored), "\n!"+source+"\n") {
				t.Errorf("COPY %s: .dockerignore keeps it from the builder", source)
			}
		}
	}
	program := words(t, d.one(t, "ENTRYPOINT"))[0]
	if check := d.one(t, "HEALTHCHECK"); !strings.HasSuffix(check, `CMD ["`+program+`", "health"]`) {
		t.Errorf("HEALTHCHECK %s", check)
	}
	if user := d.one(t, "USER"); !regexp.MustCompile(`^[1-9]\d+:[1-9]\d+$`).MatchString(user) {
		t.Errorf("USER %s: a number says without a list of users that it is not root", user)
	}
	if port := d.one(t, "EXPOSE"); !slices.Contains(d.all("ENV"), "LISTEN=0.0.0.0:"+port) {
		t.Errorf("EXPOSE %s, ENV %q", port, d.all("ENV"))
	}
	volume := words(t, d.one(t, "VOLUME"))[0]
	if !slices.Contains(d.all("ENV"), "DATABASE_URL=sqlite:"+volume+"/cyberbrief.db") || d.one(t, "WORKDIR") != volume {
		t.Errorf("VOLUME %s, WORKDIR %s, ENV %q", volume, d.one(t, "WORKDIR"), d.all("ENV"))
	}
	if !slices.Contains(d.all("COPY"), "--from=build --chown="+d.one(t, "USER")+" /out/data "+volume) {
		t.Errorf("COPY %q: the volume does not belong to the user", d.all("COPY"))
	}
}

// container runs a program as the image would: nothing but the image's files,
// mounted so that only the volume can be written, and the image's user.
type container struct {
	t           *testing.T
	file        dockerfile
	root, data  string
	environment []string
}

// enter makes the mounts and gives up every right: $1 and $2 are the folders
// of the image and of the volume, $3 the volume's place, $4 the user, and the
// environment follows up to a "--", then the program.
const enter = `set -eu
root=$1 data=$2 volume=$3 user=${4%:*} group=${4#*:}; shift 4
mount --make-rprivate /
mount --bind "$root" "$root"
mount --bind "$data" "$root$volume"
mount -o remount,bind,ro "$root"
exec setpriv --clear-groups --no-new-privs env -i "$@"`

// newContainer builds the image's files. It needs root, or sudo that does not
// ask.
func newContainer(t *testing.T) *container {
	t.Helper()
	if out, err := exec.Command("sh", "-c", privileged()+" unshare --mount true").CombinedOutput(); err != nil {
		reason := fmt.Sprintf("no mounts of our own to be had (root, or sudo without a password, on Linux): %v: %s", err, out)
		if os.Getenv("CI") == "true" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	c := &container{t: t, file: readDockerfile(t)}
	out := t.TempDir()
	build := exec.CommandContext(t.Context(), "../../.ci/image", out)
	build.Env = append(os.Environ(), "VERSION=v0.0.0-image", "GOOS=", "GOARCH=")
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	c.root, c.data = filepath.Join(out, "root"), filepath.Join(out, "data")
	volume := c.file.one(t, "WORKDIR")
	if err := os.Mkdir(filepath.Join(c.root, volume), 0o755); err != nil {
		t.Fatal(err)
	}
	// The way to the tree lies in a folder that is for its owner only.
	for dir := out; dir != filepath.Dir(dir) && dir != os.TempDir(); dir = filepath.Dir(dir) {
		_ = os.Chmod(dir, 0o755)
	}
	chown := exec.Command("sh", "-c", privileged()+` chown "$1" "$2"`, "sh", c.file.one(t, "USER"), c.data)
	if said, err := chown.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	t.Cleanup(func() { // what the user of the image wrote, t.TempDir may not remove
		_ = exec.Command("sh", "-c", privileged()+` rm -rf "$1"`, "sh", c.data).Run()
	})
	return c
}

func privileged() string {
	if os.Getuid() == 0 {
		return ""
	}
	return "sudo -n"
}

// command is a program of the image with arguments; nil are those of CMD.
func (c *container) command(args []string, more ...string) *exec.Cmd {
	if args == nil {
		args = words(c.t, c.file.one(c.t, "CMD"))
	}
	user, group, _ := strings.Cut(c.file.one(c.t, "USER"), ":")
	line := []string{"unshare", "--mount", "sh", "-c", enter, "sh", c.root, c.data, c.file.one(c.t, "WORKDIR"), c.file.one(c.t, "USER")}
	if os.Getuid() != 0 {
		line = append([]string{"sudo", "-n"}, line...)
	}
	line = append(line, c.file.all("ENV")...)
	line = append(line, c.environment...)
	line = append(line, more...)
	line = append(line, "unshare", "--root="+c.root, "--wd="+c.file.one(c.t, "WORKDIR"), "--setgid="+group, "--setuid="+user, "--")
	line = append(line, words(c.t, c.file.one(c.t, "ENTRYPOINT"))...)
	line = append(line, args...)
	return exec.CommandContext(c.t.Context(), line[0], line[1:]...)
}

// maxImageBytes is what the image may take in a registry.
const maxImageBytes = 30_000_000

// TestImage builds what the Dockerfile builds and runs it as a container
// would: it posts, says that it is well, and ends cleanly.
func TestImage(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the program with the flags of the release")
	}
	c := newContainer(t)
	fake := bottest.NewSlack(t)
	zone, now := "Asia/Tokyo", time.Now().UTC()
	if 0 < now.Hour() { // far from midnight in one of the two
		zone = "UTC"
	} else {
		now = now.Add(9 * time.Hour)
	}
	listen := unusedAddress(t)
	c.environment = []string{
		"LISTEN=" + listen, "SLACK_BOT_TOKEN=" + bottest.SlackBotToken, "SLACK_APP_TOKEN=" + bottest.SlackAppToken,
		"SLACK_API_URL=" + fake.URL, "CHANNELS=slack:" + bottest.SlackTeam + "/" + bottest.SlackChannelID,
		"POST_TIME=" + now.Add(-time.Minute).Format("15:04"), "TIME_ZONE=" + zone, "MAX_AGE=0",
	}
	log := &output{}
	bot := c.command(nil)
	bot.Stdout, bot.Stderr = log, log
	if err := bot.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- bot.Wait() }()
	w := &world{t: t, slack: fake, discord: bottest.NewDiscord(t)}
	t.Cleanup(func() {
		_ = bot.Process.Kill()
		if t.Failed() {
			t.Logf("log:\n%s", log)
		}
	})
	w.await("the health check is green", func() bool { return c.command([]string{"health"}).Run() == nil })
	w.await("a briefing is posted", func() bool { return len(parents(w.inSlack())) == 1 })

	// Nothing but the volume can be written.
	said, err := c.command([]string{"channel", "add", "console:x"}, "DATABASE_URL=sqlite:/x.db").CombinedOutput()
	if err == nil || !strings.Contains(string(said), "must exist and be writable") {
		t.Errorf("outside the volume: %v, %s", err, said)
	}
	if err := bot.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("after SIGTERM: %v", err)
		}
	case <-time.After(patience):
		t.Error("still there after SIGTERM")
	}
	if c.command([]string{"health"}).Run() == nil {
		t.Error("the health check is green after the end")
	}
	c.mustBeSmall()
	c.mustHoldNotices()
}

// mustBeSmall packs the files as a registry keeps them.
func (c *container) mustBeSmall() {
	c.t.Helper()
	var packed, whole counter
	zip := gzip.NewWriter(&packed)
	archive := tar.NewWriter(io.MultiWriter(zip, &whole))
	if err := archive.AddFS(os.DirFS(c.root)); err != nil {
		c.t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		c.t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		c.t.Fatal(err)
	}
	c.t.Logf("the image takes %.1f MB in a registry, %.1f MB unpacked", float64(packed)/1e6, float64(whole)/1e6)
	if packed > maxImageBytes {
		c.t.Errorf("%d bytes packed, want at most %d", packed, maxImageBytes)
	}
}

// counter counts what is written to it.
type counter int64

func (n *counter) Write(p []byte) (int, error) {
	*n += counter(len(p))
	return len(p), nil
}

func (c *container) mustHoldNotices() {
	c.t.Helper()
	notices, err := os.ReadFile(filepath.Join(c.root, "usr/share/doc/cyberbrief/THIRD_PARTY.txt"))
	if err != nil || string(notices) != thirdParty {
		c.t.Errorf("notices: %v", err)
	}
	bill, err := os.ReadFile(filepath.Join(c.root, "usr/share/doc/cyberbrief/sbom.cdx.json"))
	if err != nil || !json.Valid(bill) || !bytes.Contains(bill, []byte("pkg:golang/github.com/riverqueue/river@")) {
		c.t.Errorf("bill of materials: %v", err)
	}
}
