package discord

import (
	"context"
	"sync"
	"time"

	"cyberbrief/bot"
)

// The bounds of the intake.
const (
	// maxAdmitted is how many interactions are under way at once; more are
	// dropped without an answer.
	maxAdmitted = 2048
	// maxWorkers are answered at once, maxWaiting may wait for their turn:
	// each is acknowledged first and has minutes, so that many may. More are
	// told to come back later.
	maxWorkers = 16
	maxWaiting = 1024
	// drainWithin is how long answers under way may take once Run is to end.
	drainWithin = 5 * time.Second
)

// intake takes interactions from the gateway and from signed requests, each
// once, and owns the goroutines that answer them. It is open while Run runs.
type intake struct {
	workers chan struct{}
	crowd   int // under way, beyond which more are told to come back
	seen    *bot.Recent

	mu        sync.Mutex
	ctx       context.Context // ends some time after Run's; nil while closed
	cancel    context.CancelFunc
	responder bot.Responder
	admitted  int
	running   sync.WaitGroup
}

func newIntake(workers, waiting int, clock func() time.Time) *intake {
	return &intake{workers: make(chan struct{}, workers), crowd: workers + waiting, seen: bot.NewRecent(clock)}
}

// open lets interactions in. Work outlives ctx until close.
func (in *intake) open(ctx context.Context, r bot.Responder) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.ctx, in.cancel = context.WithCancel(context.WithoutCancel(ctx))
	in.responder = r
}

// close lets nothing more in and waits for the work under way, not for ever.
func (in *intake) close() {
	in.mu.Lock()
	cancel := in.cancel
	in.ctx = nil
	in.mu.Unlock()
	stop := time.AfterFunc(drainWithin, cancel)
	in.running.Wait()
	stop.Stop()
	cancel()
}

// admit runs work in a goroutine of its own, unless the interaction was taken
// before, there is no room, or the intake is closed. Work is told whether so
// many were admitted before that it should only say so.
func (in *intake) admit(id string, work func(ctx context.Context, busy bool)) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.ctx == nil || in.admitted >= maxAdmitted || !in.seen.First(id) {
		return false
	}
	in.admitted++
	ctx, busy := in.ctx, in.admitted > in.crowd
	in.running.Go(func() {
		defer in.leave()
		work(ctx, busy)
	})
	return true
}

func (in *intake) leave() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.admitted--
}

// background runs work that no interaction asked for.
func (in *intake) background(work func(context.Context)) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if ctx := in.ctx; ctx != nil {
		in.running.Go(func() { work(ctx) })
	}
}

// isOpen says whether there is anybody to answer.
func (in *intake) isOpen() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.ctx != nil
}

// work waits for a worker's place; rest gives it back.
func (in *intake) work(ctx context.Context) bool {
	select {
	case in.workers <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (in *intake) rest() { <-in.workers }

func (in *intake) respond(ctx context.Context, req bot.Request) bot.Reply {
	return in.who().Respond(ctx, req)
}

// opens says whether a request is answered by a form.
func (in *intake) opens(req bot.Request) bool { return in.who().Opens(req) }

func (in *intake) complete(ctx context.Context, prefix string) []string {
	return in.who().Complete(ctx, prefix)
}

func (in *intake) who() bot.Responder {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.responder
}
