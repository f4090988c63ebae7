//go:build linux

package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// child is `cyberbrief run` in a process of its own, with the real clock.
type child struct {
	*world
	cmd *exec.Cmd
	out *output
}

// newChild starts the program with a slot that has been due for a while in
// both channels, and waits until it is ready.
func newChild(t *testing.T, database string) *child {
	t.Helper()
	w := newWorld(t, database)
	now := time.Now().UTC()
	due := max(now.Hour()*60+now.Minute()-10, 0)
	w.env["POST_TIME"], w.env["TIME_ZONE"] = fmt.Sprintf("%02d:%02d", due/60, due%60), "Etc/UTC"
	w.env["DIGEST_POLL"] = "1s"
	c := &child{world: w, cmd: exec.Command("cyberbrief", "run"), out: &output{}}
	for name, value := range w.env {
		c.cmd.Env = append(c.cmd.Env, name+"="+value)
	}
	c.cmd.Env = append(c.cmd.Env, "PATH="+os.Getenv("PATH"))
	c.cmd.Stdout, c.cmd.Stderr = c.out, c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Signal(syscall.SIGTERM)
		if err := c.cmd.Wait(); err != nil {
			t.Errorf("the program ended with %v", err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", c.out)
		}
	})
	c.await("the bot is ready", func() bool { return strings.Contains(c.out.String(), "msg=ready") && c.ready() == "" })
	return c
}

// ready is what keeps the bot from being ready; empty when it is.
func (c *child) ready() string {
	_, after, _ := strings.Cut(c.out.String(), "address=")
	if after == "" {
		return "no address yet"
	}
	resp, err := http.Get(strings.Trim(strings.Fields(after)[0], `"`) + "/readyz")
	if err != nil {
		return err.Error()
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Sprint(string(body), err)
	}
	return ""
}

// fillDisk lets the process write to no file any more, as if the disk were
// full, and makeRoom lets it again.
func (c *child) fillDisk() { c.limitFiles(0) }
func (c *child) makeRoom() { c.limitFiles(^uint64(0)) }

func (c *child) limitFiles(bytes uint64) {
	c.t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: ^uint64(0)}
	const fileSize = syscall.RLIMIT_FSIZE
	_, _, failed := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(c.cmd.Process.Pid), fileSize, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if failed != 0 {
		c.t.Fatalf("limit the size of files: %v", failed)
	}
}

// recovery is how long the queue may take at most to come back to a job whose
// end it could not write down.
const recovery = 3 * time.Minute

// eventually waits until something holds.
func (c *child) eventually(what string, holds func() bool) {
	c.t.Helper()
	begun := time.Now()
	for !holds() {
		if time.Since(begun) > recovery {
			c.t.Fatalf("%s: not after %s; /readyz says %q; Slack %+v, Discord %+v", what, recovery, c.ready(), c.inSlack(), c.inDiscord())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// breaks puts the database out of order while Slack and Discord are being
// posted to, then while the posts are corrected, and mends it when the bot
// has said what is wrong.
func (c *child) breaks(reason string, breakIt, mend func()) {
	c.t.Helper()
	during := func(what, slackMethod, route string, change func()) {
		before := len(c.slack.Calls(slackMethod)) + len(c.discord.Requests(route))
		change()
		c.eventually(what+" has begun", func() bool {
			return len(c.slack.Calls(slackMethod))+len(c.discord.Requests(route)) > before
		})
		breakIt()
		c.eventually("the bot says what is wrong", func() bool { return strings.Contains(c.ready(), reason) })
		mend()
		c.eventually("the bot is ready again", func() bool { return c.ready() == "" })
	}
	during("the delivery", "chat.postMessage", discordRoutes[posts], func() { c.publish("2025-07-03", "架空の事案") })
	c.eventually("both channels have the briefing", func() bool { return c.settled("posted") })
	slack, discord := len(c.inSlack()), len(c.inDiscord())
	during("the correction", "chat.update", discordRoutes[edits], func() { c.publish("2025-07-03", "訂正された事案") })
	c.eventually("both channels show the correction", func() bool {
		for _, m := range append(c.inSlack(), c.inDiscord()...) {
			if strings.Contains(m.Text, "架空の事案") {
				return false
			}
		}
		return true
	})
	if len(parents(c.inSlack())) != 1 || len(parents(c.inDiscord())) != 1 || len(c.inSlack()) != slack || len(c.inDiscord()) != discord {
		c.t.Errorf("Slack shows %+v, Discord %+v", c.inSlack(), c.inDiscord())
	}
}

// settled says that the newest slot of both channels is in this state.
func (c *child) settled(state string) bool {
	channels := c.status(time.Now()).Channels
	for _, ch := range channels {
		if ch.Slot.State != state {
			return false
		}
	}
	return len(channels) == 2
}
