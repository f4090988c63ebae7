package source

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// rewatch is how long to wait before watching a folder that could not be
// watched: it may be missing, or the system may be out of watches. The folder
// is looked at every so often in any case.
const rewatch = 5 * time.Second

// Changes implements Watcher.
func (f *Folder) Changes(ctx context.Context) <-chan struct{} {
	changes := make(chan struct{}, 1)
	go func() {
		defer close(changes)
		for {
			f.watch(ctx, changes)
			if !wait(ctx, rewatch, nil) {
				return
			}
		}
	}()
	return changes
}

// watch sends to changes until ctx ends or the folder cannot be watched (any
// more). The folder is watched, not its files: those come and go.
func (f *Folder) watch(ctx context.Context, changes chan<- struct{}) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return
	}
	defer w.Close()
	if err := w.Add(f.path); err != nil {
		return
	}
	notify(changes) // something may have happened before the watch stood
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			gone := e.Has(fsnotify.Remove) || e.Has(fsnotify.Rename)
			if gone && filepath.Clean(e.Name) == f.path {
				notify(changes)
				return
			}
			if !e.Has(fsnotify.Chmod) {
				notify(changes)
			}
		case _, ok := <-w.Errors: // events were lost: look at everything
			if !ok {
				return
			}
			notify(changes)
		}
	}
}

// notify leaves one message, however often it is called before it is read.
func notify(changes chan<- struct{}) {
	select {
	case changes <- struct{}{}:
	default:
	}
}
