//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// postgres is a server of the test's own, which it can stop.
type postgres struct {
	t      *testing.T
	dir    string
	port   string
	as     *syscall.Credential // nil for the test's own user
	server string
}

// newPostgres starts a server, nil where its programs are not installed.
func newPostgres(t *testing.T) *postgres {
	t.Helper()
	for _, program := range []string{"initdb", "pg_ctl"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil
		}
	}
	_, port, err := net.SplitHostPort(unusedAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &postgres{t: t, port: port}
	if p.dir, err = os.MkdirTemp("", "postgres"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(p.dir) })
	if os.Getuid() == 0 { // the server refuses to run as root
		p.become("postgres")
	}
	p.must("initdb", "-D", p.data(), "-A", "trust", "-U", "test", "--no-sync")
	p.start()
	t.Cleanup(p.stop)
	p.server = fmt.Sprintf("postgres://test@127.0.0.1:%s/postgres?sslmode=disable", p.port)
	return p
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

// become lets the server run as somebody else.
func (p *postgres) become(name string) {
	p.t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		p.t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		p.t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		p.t.Fatal(err)
	}
	p.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	if err := os.Chown(p.dir, uid, gid); err != nil {
		p.t.Fatal(err)
	}
}

func (p *postgres) must(program string, args ...string) {
	p.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	said, err := os.CreateTemp("", "postgres") // a pipe would wait for the server
	if err != nil {
		p.t.Fatal(err)
	}
	defer os.Remove(said.Name())
	defer said.Close()
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(said.Name())
		p.t.Fatalf("%s: %v\n%s", program, err, text)
	}
}

func (p *postgres) start() {
	p.t.Helper()
	options := fmt.Sprintf("-p %s -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off", p.port)
	p.must("pg_ctl", "-D", p.data(), "-w", "-l", filepath.Join(p.dir, "log"), "-o", options, "start")
}

// stop ends the server at once, as a crash does.
func (p *postgres) stop() {
	p.t.Helper()
	p.must("pg_ctl", "-D", p.data(), "-w", "-m", "immediate", "stop")
}

// TestPostgresStops: a server that crashes in the middle of a delivery and of
// a correction, and comes back when the bot has said that it is gone.
func TestPostgresStops(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the tries after an error of the database")
	}
	t.Parallel() // it mostly waits
	p := newPostgres(t)
	if p == nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("initdb and pg_ctl are missing: continuous integration must stop a server")
		}
		t.Skip("no PostgreSQL of our own to stop: TestPostgresRestarts ends the connections of another")
	}
	newChild(t, p.server).breaks("database", p.stop, p.start)
}
