package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"cyberbrief/bot/web"
)

// healthCommand is `health`: what a container or a supervisor asks, with no
// other program than the bot's own.
type healthCommand struct {
	Alive   bool          `help:"Ask only whether the process is alive (/healthz), not whether it can do its work (/readyz)."`
	Timeout time.Duration `default:"5s" help:"How long to wait for the answer."`
}

// Run asks the bot that runs on this machine with the same LISTEN; exit 1
// when it is not well.
func (c healthCommand) Run(e *environment) error {
	cfg, err := e.config()
	if err != nil {
		return err
	}
	host, err := ownAddress(cfg.Listen)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(e.ctx, c.Timeout)
	defer cancel()
	path, well := "/readyz", "ready"
	if c.Alive {
		path, well = "/healthz", "alive"
	}
	if err := askHealth(ctx, "http://"+host+path); err != nil {
		return err
	}
	_, err = fmt.Fprintln(e.stdout, well)
	return err
}

// ownAddress is where a server that listens on an address is reached from
// its own machine: on loopback when it listens everywhere.
func ownAddress(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("LISTEN: %w", err)
	}
	if port == "0" {
		return "", fmt.Errorf("LISTEN=%s: port 0 is another one at each start; name one, for example 127.0.0.1:8080", listen)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// maxHealthBytes is more than any answer of the bot about its health.
const maxHealthBytes = 64 << 10

// askHealth is nil when the bot at an address says that it is well; the error
// holds its reasons otherwise.
func askHealth(ctx context.Context, address string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	transport := &http.Transport{DisableKeepAlives: true} // and no proxy
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("no answer from %s: %w; does the bot run, with this LISTEN?", address, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealthBytes))
	if err != nil {
		return fmt.Errorf("answer of %s: %w", address, err)
	}
	if response.StatusCode == http.StatusOK {
		return nil
	}
	var said struct {
		Reasons []web.Reason `json:"reasons"`
	}
	if json.Unmarshal(body, &said) != nil || len(said.Reasons) == 0 {
		return fmt.Errorf("%s answers %s", address, response.Status)
	}
	var lines []string
	for _, r := range said.Reasons {
		lines = append(lines, r.Name+": "+r.Problem)
	}
	return errors.New("not ready: " + strings.Join(lines, "; "))
}
