package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyberbrief/bot/bottest"
	"cyberbrief/briefing"
	"cyberbrief/briefing/briefingtest"
)

const (
	// madeDigests is how many digests the generated folder has: more than a
	// year of them.
	madeDigests = 400
	// idleAfter is how long after its start a bot that nobody asks counts as
	// idle.
	idleAfter = 4 * time.Second
	// realSeries is a folder that is not part of the repository.
	realSeries = "../../../shared/digests"
)

// BenchmarkStart builds the program as it is released and starts it as a
// process of its own: on a new database (cold), on the one that another build
// left (upgraded), and on the one that it left itself (warm). It prints how
// long it took until the log said ready, and the memory four seconds later:
// resident, and the part of it that is no file (private). Other work on the
// machine can only make them worse, so the best of all starts is printed.
func BenchmarkStart(b *testing.B) {
	if _, err := os.Stat("/proc/self/status"); err != nil {
		b.Skip("memory is read from /proc, which Linux has")
	}
	older, program := release(b, "older"), release(b, "newer")
	for _, folder := range []struct {
		name string
		make func(*testing.B) string
	}{{"generated", generatedFolder}, {"real", realFolder}} {
		b.Run(folder.name, func(b *testing.B) {
			digests := folder.make(b)
			for _, engine := range []string{"sqlite", "postgres"} {
				b.Run(engine, func(b *testing.B) { benchStarts(b, older, program, digests, engine) })
			}
		})
	}
}

// release builds the program; another version is another build.
func release(b *testing.B, version string) string {
	program := filepath.Join(b.TempDir(), "cyberbrief")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.stamp="+version, "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	return program
}

// generatedFolder has madeDigests digests in layouts of chance, the same ones
// each time.
func generatedFolder(b *testing.B) string {
	dir, r := b.TempDir(), rand.New(rand.NewPCG(1, 2))
	for i := range madeDigests {
		date := briefing.Date("2025-01-01").AddDays(i)
		name := filepath.Join(dir, fmt.Sprintf("digest_%s.md", date))
		if err := os.WriteFile(name, []byte(briefingtest.MakeDigest(r).Source), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func realFolder(b *testing.B) string {
	dir, err := filepath.Abs(realSeries)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(dir); err != nil {
		b.Skip("the real series is not beside the repository")
	}
	return dir
}

// benchStarts makes b.N databases, and starts the program in all ways on each.
func benchStarts(b *testing.B, older, program, digests, engine string) {
	database := map[string]func(testing.TB) string{"sqlite": bottest.SQLite, "postgres": bottest.Postgres}[engine]
	best := map[string]float64{}
	for range b.N {
		url := database(b)
		for _, start := range []struct{ kind, program string }{{"cold", older}, {"upgraded", program}, {"warm", program}} {
			for name, value := range started(b, start.program, digests, url) {
				name = start.kind + "_" + name
				if old, known := best[name]; !known || value < old {
					best[name] = value
				}
			}
		}
	}
	b.ReportMetric(0, "ns/op") // the time of a whole start and wait says nothing
	for name, value := range best {
		b.ReportMetric(value, name)
	}
}

// started starts the program, measures, and stops it.
func started(b *testing.B, program, digests, url string) map[string]float64 {
	cmd := exec.Command(program, "run")
	cmd.Env = []string{"DIGEST_SOURCES=" + digests, "DATABASE_URL=" + url, "LISTEN=127.0.0.1:0", "PATH=" + os.Getenv("PATH")}
	log, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer cmd.Wait() // stopped below
	defer cmd.Process.Signal(syscall.SIGTERM)
	lines := bufio.NewScanner(log)
	for lines.Scan() && !strings.Contains(lines.Text(), "msg=ready") {
	}
	ready := time.Since(began)
	if !strings.Contains(lines.Text(), "msg=ready") {
		b.Fatalf("the program ended before it was ready: %s", lines.Text())
	}
	go io.Copy(io.Discard, log)
	time.Sleep(idleAfter)
	status := memoryOf(b, cmd.Process.Pid)
	return map[string]float64{"ready_ms": float64(ready.Milliseconds()), "resident_MB": status["VmRSS"], "private_MB": status["RssAnon"]}
}

// memoryOf reads the lines of a process's status that are sizes, in MiB.
func memoryOf(b *testing.B, pid int) map[string]float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	sizes := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSuffix(strings.TrimSpace(line), " kB"), ":")
		if kB, err := strconv.Atoi(strings.TrimSpace(value)); err == nil {
			sizes[name] = float64(kB) / 1024
		}
	}
	return sizes
}
