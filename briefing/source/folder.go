package source

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cyberbrief/briefing"
)

const (
	// settle is how long a file must have been left alone to count as wholly
	// written. Writers that rename a finished file into place wait as long.
	settle = 500 * time.Millisecond
	// maxSettles bounds how long one Scan waits for a file that is written
	// to all the time; the file is looked at again in the next Scan.
	maxSettles = 20
	// withdrawAfter is how long a file must be gone to count as withdrawn:
	// some writers remove a file before they write it anew.
	withdrawAfter = 30 * time.Second
)

// Folder gives the Markdown files of one folder, without its subfolders.
// Hidden files and those not named *.md are not looked at; symbolic links to
// files are followed.
type Folder struct {
	path string
	seen map[string]*seenFile // by file name
}

// seenFile is what a Folder remembers of a file.
type seenFile struct {
	info  fs.FileInfo
	hash  [sha256.Size]byte
	taken bool // the sink has the content that hash is of
	// missingSince is when a look first did not find it; zero while it is there.
	missingSince time.Time
}

// NewFolder makes a source of a folder, which need not exist yet.
func NewFolder(path string) *Folder {
	return &Folder{path: filepath.Clean(path), seen: map[string]*seenFile{}}
}

func (f *Folder) String() string { return f.path }

// Scan implements Source.
func (f *Folder) Scan(ctx context.Context, sink Sink) (briefing.Date, error) {
	files, err := f.settled(ctx)
	if err != nil {
		return f.newest(), err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := f.offer(ctx, name, files[name], sink); err != nil {
			errs = append(errs, err)
		}
	}
	if err := f.withdraw(ctx, files, sink); err != nil {
		errs = append(errs, err)
	}
	return f.newest(), errors.Join(errs...)
}

// settled lists the files that nobody is writing to any more: those that are
// older than settle, or look the same after that time.
func (f *Folder) settled(ctx context.Context) (map[string]fs.FileInfo, error) {
	before, err := f.list()
	if err != nil {
		return nil, err
	}
	for range maxSettles {
		if !slices.ContainsFunc(slices.Collect(maps.Values(before)), f.fresh) {
			return before, nil
		}
		if !wait(ctx, settle, nil) {
			return nil, ctx.Err()
		}
		after, err := f.list()
		if err != nil {
			return nil, err
		}
		if maps.EqualFunc(before, after, same) {
			return after, nil
		}
		before = after
	}
	for name, info := range before {
		if f.fresh(info) {
			// Not handed over yet; what is known of it stays as it is.
			before[name] = nil
		}
	}
	return before, nil
}

// fresh holds for a file not yet taken that may still be in the making. A
// time of change in the future says nothing, so it counts as now.
func (f *Folder) fresh(info fs.FileInfo) bool {
	if info == nil {
		return false
	}
	old := f.seen[info.Name()]
	if old != nil && old.taken && same(old.info, info) {
		return false
	}
	return time.Since(info.ModTime()) < settle
}

// same holds when nothing speaks for a changed content.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return a.Size() == b.Size() && a.ModTime().Equal(b.ModTime()) && os.SameFile(a, b)
}

// list gives the files that may be digests; nil for those that cannot be
// looked up, such as a link to itself or into a folder that may not be read.
func (f *Folder) list() (map[string]fs.FileInfo, error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return nil, fmt.Errorf("read folder %s: %w; check that it exists and may be read", f.path, cause(err))
	}
	files := map[string]fs.FileInfo{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.EqualFold(filepath.Ext(e.Name()), ".md") {
			continue
		}
		// Not e.Info: orchestrators mount files as symbolic links.
		info, err := os.Stat(filepath.Join(f.path, e.Name()))
		switch {
		case errors.Is(err, fs.ErrNotExist): // removed since, or a link to nowhere
		case err != nil:
			files[e.Name()] = nil // there, but who knows how it is
		case info.Mode().IsRegular():
			files[e.Name()] = info
		}
	}
	return files, nil
}

// offer hands a file to the sink unless it has the content already.
func (f *Folder) offer(ctx context.Context, name string, info fs.FileInfo, sink Sink) error {
	if info == nil {
		// Still being written, which is no error, or not to be looked up.
		_, err := os.Stat(filepath.Join(f.path, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("read %s: %w", filepath.Join(f.path, name), cause(err))
		}
		return nil
	}
	old := f.seen[name]
	if old != nil {
		old.missingSince = time.Time{}
		if old.taken && same(old.info, info) {
			return nil
		}
	}
	body, err := f.read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	now := &seenFile{info: info, hash: sha256.Sum256(body)}
	now.taken = old != nil && old.taken && old.hash == now.hash
	f.seen[name] = now
	if now.taken {
		return nil
	}
	if err := sink(ctx, File{Name: name, Body: body, Source: f.String()}); err != nil {
		return fmt.Errorf("take in %s: %w", filepath.Join(f.path, name), err)
	}
	now.taken = true
	return nil
}

// read reads a file, at most one byte more than a digest may have.
func (f *Folder) read(name string) ([]byte, error) {
	path := filepath.Join(f.path, name)
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, MaxDigest+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, cause(err))
	}
	return body, nil
}

// withdraw tells the sink of files that are gone for good. A file whose date
// another file has was only renamed; so was one without a date whose content
// another has. When every file is gone at once, that is
// taken for an accident with the folder and reported as an error.
func (f *Folder) withdraw(ctx context.Context, files map[string]fs.FileInfo, sink Sink) error {
	if len(files) == 0 && len(f.seen) > 1 {
		return fmt.Errorf("read folder %s: all %d digests are gone from it; nothing is withdrawn until one is back", f.path, len(f.seen))
	}
	dates, contents := map[briefing.Date]bool{}, map[[sha256.Size]byte]bool{}
	for name := range files {
		if d := dateIn(name); d != "" {
			dates[d] = true
		}
		if s := f.seen[name]; s != nil {
			contents[s.hash] = true
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(f.seen)) {
		old := f.seen[name]
		if _, there := files[name]; there {
			continue
		}
		if old.missingSince.IsZero() {
			old.missingSince = time.Now()
		}
		if time.Since(old.missingSince) < withdrawAfter {
			continue
		}
		date := dateIn(name)
		renamed := dates[date] || date == "" && contents[old.hash]
		if !renamed {
			if err := sink(ctx, File{Name: name, Source: f.String(), Withdrawn: true}); err != nil {
				errs = append(errs, fmt.Errorf("withdraw %s: %w", filepath.Join(f.path, name), err))
				continue
			}
		}
		delete(f.seen, name)
	}
	return errors.Join(errs...)
}

// newest is the newest date that a file's name has.
func (f *Folder) newest() briefing.Date {
	var d briefing.Date
	for name, s := range f.seen {
		if s.missingSince.IsZero() {
			d = max(d, dateIn(name))
		}
	}
	return d
}

// cause is an error of the file system without the path, which the message
// around it names.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}
