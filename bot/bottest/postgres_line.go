package bottest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// LostCommit is a commit whose outcome the client does not hear: the line to
// the server breaks when it is sent.
type LostCommit struct {
	// Statement is the name of a query that the transaction has run; empty for
	// any transaction.
	Statement string
	// Together wants the statement to have been run for several rows of one
	// JSON argument, as a group of steps is.
	Together bool
	// Done says that the server commits, and only its answer is lost. If not,
	// the server never hears of the commit.
	Done bool
}

// PostgresLine is a line on loopback between a program and a PostgreSQL server,
// which breaks at the commits that it is told to lose. It reads the protocol,
// without TLS. https://www.postgresql.org/docs/current/protocol-message-formats.html
// It is safe for concurrent use.
type PostgresLine struct {
	// URL is that of the database by this line.
	URL    string
	server string

	mu    sync.Mutex
	still []LostCommit // to be lost
	lost  int
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// NewPostgresLine leads to the database at address, one of Postgres. It ends
// with the test.
func NewPostgresLine(t testing.TB, address string) *PostgresLine {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("line to PostgreSQL: %v", err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("line to PostgreSQL: %v", err)
	}
	l := &PostgresLine{server: u.Host, conns: map[net.Conn]bool{}}
	if u.Port() == "" {
		l.server = net.JoinHostPort(u.Hostname(), "5432")
	}
	u.Host = listener.Addr().String()
	l.URL = u.String()
	l.wg.Go(func() { l.accept(listener) })
	t.Cleanup(func() {
		listener.Close()
		l.hangUp()
		l.wg.Wait()
	})
	return l
}

// Lose breaks the line at the next commit that fits the first of these, then at
// the next one that fits the second, and so on.
func (l *PostgresLine) Lose(commits ...LostCommit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.still = append(l.still, commits...)
}

// Lost is how many commits were lost so far.
func (l *PostgresLine) Lost() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lost
}

func (l *PostgresLine) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

func (l *PostgresLine) accept(listener net.Listener) {
	for {
		client, err := listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			client.Close()
			continue
		}
		call := &postgresCall{line: l, client: client, server: server, queries: map[string]string{}}
		l.mu.Lock()
		l.conns[client], l.conns[server] = true, true
		l.mu.Unlock()
		l.wg.Go(call.ask)
		l.wg.Go(call.answer)
	}
}

// postgresCall is one connection.
type postgresCall struct {
	line           *PostgresLine
	client, server net.Conn
	queries        map[string]string // by the names they were prepared under
	ran            []postgresRun     // in this transaction

	mu   sync.Mutex
	deaf bool // the answer to the commit is lost
}

type postgresRun struct {
	query    string
	together bool
}

func (c *postgresCall) end() {
	c.client.Close()
	c.server.Close()
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	delete(c.line.conns, c.client)
	delete(c.line.conns, c.server)
}

// readPostgres reads a message: its type, which the first one of a client has
// not, and all of its bytes.
func readPostgres(r *bufio.Reader, typed bool) (kind byte, whole []byte, err error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, nil, err
	}
	n := int(binary.BigEndian.Uint32(head[len(head)-4:]))
	if n < 4 {
		return 0, nil, errors.New("message is too short")
	}
	whole = append(head, make([]byte, n-4)...)
	_, err = io.ReadFull(r, whole[len(head):])
	return head[0], whole, err
}

// ask carries what the client says, up to a commit that is lost.
func (c *postgresCall) ask() {
	defer c.end()
	r := bufio.NewReader(c.client)
	for typed := false; ; typed = true {
		kind, whole, err := readPostgres(r, typed)
		if err != nil {
			return
		}
		if typed && c.loses(kind, whole[5:]) {
			return
		}
		if _, err := c.server.Write(whole); err != nil {
			return
		}
	}
}

// answer carries what the server says, but for the answer to a commit.
func (c *postgresCall) answer() {
	defer c.end()
	r := bufio.NewReader(c.server)
	for {
		kind, whole, err := readPostgres(r, true)
		if err != nil {
			return
		}
		c.mu.Lock()
		deaf := c.deaf
		c.mu.Unlock()
		if deaf && kind == 'C' { // the command is complete
			return
		}
		if _, err := c.client.Write(whole); err != nil {
			return
		}
	}
}

// loses notes what a message does and says whether the line breaks before it.
func (c *postgresCall) loses(kind byte, body []byte) bool {
	first, rest, _ := bytes.Cut(body, []byte{0})
	second, rest, _ := bytes.Cut(rest, []byte{0})
	switch kind {
	case 'P': // a query is prepared: its name and text
		c.queries[string(first)] = string(second)
	case 'B': // a query is run: portal, name and arguments
		c.ran = append(c.ran, postgresRun{c.queries[string(second)], bytes.Contains(rest, []byte(`"1":{`))})
	case 'Q': // a text without arguments
		if !strings.EqualFold(string(first), "commit") {
			c.ran = nil
			return false
		}
		return c.losesCommit()
	}
	return false
}

func (c *postgresCall) losesCommit() bool {
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if len(c.line.still) == 0 || !c.line.still[0].fits(c.ran) {
		return false
	}
	done := c.line.still[0].Done
	c.line.still = c.line.still[1:]
	c.line.lost++
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = done
	return !done
}

func (l LostCommit) fits(ran []postgresRun) bool {
	if l.Statement == "" {
		return true
	}
	for _, r := range ran {
		if strings.HasPrefix(r.query, "-- name: "+l.Statement+" ") && (r.together || !l.Together) {
			return true
		}
	}
	return false
}
