package source

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

func TestPublic(t *testing.T) {
	tests := []struct {
		addr string
		want bool
	}{
		// what digests are fetched from
		{"1.1.1.1", true}, {"8.8.8.8", true}, {"93.184.215.14", true}, {"172.15.255.255", true}, {"172.32.0.0", true},
		{"100.63.255.255", true}, {"100.128.0.0", true}, {"169.253.255.255", true}, {"169.255.0.0", true}, {"192.0.1.0", true},
		{"192.167.255.255", true}, {"192.169.0.0", true}, {"198.17.255.255", true}, {"198.20.0.0", true}, {"223.255.255.255", true},
		{"126.255.255.255", true}, {"128.0.0.0", true}, {"168.63.129.15", true}, {"::ffff:8.8.8.8", true},
		{"2606:4700:4700::1111", true}, {"2001:4860:4860::8888", true}, {"2a00:1450:4001::1", true}, {"2001:200::1", true},
		// this machine
		{"127.0.0.1", false}, {"127.0.0.53", false}, {"127.255.255.255", false}, {"0.0.0.0", false}, {"0.1.2.3", false},
		{"::1", false}, {"::", false}, {"::ffff:127.0.0.1", false}, {"::ffff:0:0", false}, {"::ffff:7f00:1", false}, {"::127.0.0.1", false},
		// private networks
		{"10.0.0.0", false}, {"10.255.255.255", false}, {"172.16.0.1", false}, {"172.31.255.255", false}, {"192.168.0.1", false},
		{"192.168.255.255", false}, {"::ffff:10.0.0.1", false}, {"::ffff:192.168.1.1", false}, {"::ffff:172.16.0.1", false},
		{"100.64.0.1", false}, {"100.127.255.255", false}, {"fc00::1", false}, {"fd12:3456:789a::1", false}, {"fec0::1", false},
		// link-local and metadata
		{"169.254.0.1", false}, {"169.254.169.254", false}, {"169.254.170.2", false}, {"::ffff:169.254.169.254", false}, {"::ffff:a9fe:a9fe", false},
		{"100.100.100.200", false}, {"192.0.0.192", false}, {"168.63.129.16", false}, {"fd00:ec2::254", false}, {"fe80::1", false},
		{"fe80::1%eth0", false}, {"fe80::a9fe:a9fe", false},
		// addresses in other clothes
		{"64:ff9b::7f00:1", false}, {"64:ff9b::a9fe:a9fe", false}, {"64:ff9b::8.8.8.8", false}, {"64:ff9b:1::1", false},
		{"2002:7f00:1::", false}, {"2002:a9fe:a9fe::1", false}, {"2002:c0a8:101::1", false}, {"2001:0:4136:e378:8000:63bf:3fff:fdd2", false},
		{"2001::1", false}, {"2001:10::1", false}, {"2001:20::1", false},
		// documentation, benchmarks, reserved, multicast
		{"192.0.0.1", false}, {"192.0.2.1", false}, {"198.51.100.7", false}, {"203.0.113.9", false}, {"198.18.0.1", false}, {"198.19.255.255", false},
		{"192.88.99.1", false}, {"224.0.0.1", false}, {"239.255.255.250", false}, {"240.0.0.1", false}, {"255.255.255.255", false},
		{"2001:db8::1", false}, {"3fff::1", false}, {"100::1", false}, {"ff02::1", false}, {"ff05::1:3", false}, {"4000::1", false}, {"5f00::1", false},
	}
	refused := 0
	for _, tt := range tests {
		if got := public(netip.MustParseAddr(tt.addr)); got != tt.want {
			t.Errorf("public(%s) = %v, want %v", tt.addr, got, tt.want)
		}
		if !tt.want {
			refused++
		}
	}
	if refused < 60 {
		t.Errorf("%d addresses to refuse, want at least 60", refused)
	}
	if public(netip.Addr{}) {
		t.Error("no address at all is public")
	}
}

func TestGuardPorts(t *testing.T) {
	tests := []struct {
		address string
		want    bool
	}{
		{"8.8.8.8:80", true}, {"8.8.8.8:443", true}, {"[2606:4700::1]:443", true},
		{"8.8.8.8:22", false}, {"8.8.8.8:8080", false}, {"8.8.8.8:0", false}, {"8.8.8.8:6379", false},
		{"[fe80::1%eth0]:80", false}, {"/var/run/docker.sock", false}, {"", false}, {"localhost:80", false},
	}
	for _, tt := range tests {
		if got := guard("tcp", tt.address, nil); (got == nil) != tt.want {
			t.Errorf("guard(%q) = %v, want allowed %v", tt.address, got, tt.want)
		}
	}
}

// victim is a server that nobody may reach.
func victim(t *testing.T) (addr string, hits *atomic.Int32) {
	hits = new(atomic.Int32)
	srv := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits.Add(1) }))
	t.Cleanup(srv.Close)
	return srv.Listener.Addr().String(), hits
}

func get(t *testing.T, client *http.Client, address string) (page, error) {
	t.Helper()
	defer client.CloseIdleConnections()
	u, err := url.Parse(address)
	if err != nil {
		return page{}, err
	}
	return fetch(t.Context(), client, u, validators{}, MaxDigest, time.Now)
}

// TestNobodyGetsInside asks for a server on this machine in every notation
// that some resolver or parser takes for it.
func TestNobodyGetsInside(t *testing.T) {
	addr, hits := victim(t)
	_, port, _ := net.SplitHostPort(addr)
	for _, host := range []string{
		"127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.0.0.2", "127.1", "127.0.1", "0", "0.0.0.0", "2130706433", "0x7f000001",
		"0x7f.0.0.1", "0177.0.0.1", "017700000001", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
		"127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1", "user@127.0.0.1", "example.com@127.0.0.1", "[64:ff9b::7f00:1]", "%31%32%37.0.0.1",
	} {
		if _, err := get(t, newClient(Options{}), "http://"+host+":"+port+"/"); err == nil {
			t.Errorf("%s was fetched", host)
		}
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests came through", n)
	}
	if _, err := get(t, newClient(Options{AllowPrivate: true}), "http://"+addr+"/"); err != nil || hits.Load() != 1 {
		t.Errorf("with DIGEST_ALLOW_PRIVATE: %v", err)
	}
	_, err := get(t, newClient(Options{}), "http://"+addr+"/")
	if !errors.Is(err, errRefused) {
		t.Errorf("got %v, want the reason", err)
	}
}

func TestProxyFromEnvironmentIsNotUsed(t *testing.T) {
	addr, hits := victim(t)
	t.Setenv("HTTP_PROXY", "http://"+addr)
	t.Setenv("http_proxy", "http://"+addr)
	if _, err := get(t, newClient(Options{}), "http://10.1.2.3/"); !errors.Is(err, errRefused) {
		t.Errorf("got %v", err)
	}
	if hits.Load() > 0 {
		t.Error("a proxy was asked")
	}
}

// letThrough guards all dials but those to one address, in place of a public
// server.
func letThrough(addr string) *http.Client {
	client := newClient(Options{})
	guarded := newDialer(Options{})
	client.Transport.(*http.Transport).DialContext = func(ctx context.Context, network, to string) (net.Conn, error) {
		if to == addr {
			return (&net.Dialer{}).DialContext(ctx, network, to)
		}
		return guarded.DialContext(ctx, network, to)
	}
	return client
}

func TestRedirects(t *testing.T) {
	inside, hits := victim(t)
	mux := http.NewServeMux()
	outside := httptest.NewServer(mux)
	t.Cleanup(outside.Close)
	to := func(path, target string) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", target)
			w.WriteHeader(http.StatusFound)
		})
	}
	mux.HandleFunc("/0", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("# digest")) })
	for i := 1; i <= 5; i++ {
		to(fmt.Sprintf("/%d", i), fmt.Sprintf("/%d", i-1))
	}
	to("/loop", "/loop")
	tests := []struct {
		path, target string
		ok           bool
	}{
		{"/0", "", true}, {"/1", "", true}, {"/3", "", true}, {"/4", "", false}, {"/5", "", false}, {"/loop", "", false},
		{"/inside", "http://" + inside + "/", false},
		{"/localhost", "http://localhost:" + inside[strings.LastIndex(inside, ":")+1:] + "/", false},
		{"/metadata", "http://169.254.169.254/latest/meta-data/", false},
		{"/mapped", "http://[::ffff:169.254.169.254]/", false},
		{"/private", "https://10.0.0.1/", false},
		{"/port", "http://8.8.8.8:6379/", false},
		{"/file", "file:///etc/passwd", false},
		{"/gopher", "gopher://127.0.0.1/", false},
		{"/ftp", "ftp://example.com/x", false},
		{"/relative", "//" + inside + "/", false},
		{"/none", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			if tt.target != "" {
				to(tt.path, tt.target)
			}
			p, err := get(t, letThrough(outside.Listener.Addr().String()), outside.URL+tt.path)
			if ok := err == nil && p.status == http.StatusOK; ok != tt.ok {
				t.Errorf("status %d, error %v", p.status, err)
			}
		})
	}
	if n := hits.Load(); n > 0 {
		t.Errorf("%d requests came inside", n)
	}
}

// TestRebinding lets a name resolve to addresses inside: what a name server
// says is not believed, whatever it said before.
func TestRebinding(t *testing.T) {
	for _, inside := range []string{"127.0.0.1", "10.0.0.1", "169.254.169.254", "192.168.0.1"} {
		t.Run(inside, func(t *testing.T) {
			dialer := newDialer(Options{})
			dialer.Resolver = nameServer(t, netip.MustParseAddr(inside))
			client := newClient(Options{})
			client.Transport.(*http.Transport).DialContext = dialer.DialContext
			if _, err := get(t, client, "http://digests.example/"); !errors.Is(err, errRefused) {
				t.Errorf("got %v, want %v", err, errRefused)
			}
		})
	}
}

// nameServer makes a resolver for which every name has one IPv4 address.
func nameServer(t *testing.T, addr netip.Addr) *net.Resolver {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) == 0 {
				continue
			}
			m.Response, m.Additionals = true, nil
			if q := m.Questions[0]; q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{
					Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
					Body:   &dnsmessage.AResource{A: addr.As4()},
				}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}
