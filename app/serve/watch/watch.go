// Package watch tells when files change, by whatever means they are changed:
// written in place, replaced by a rename, or behind the symbolic links that
// Kubernetes swaps when a ConfigMap changes.
//
// The directories of the files and of what they link to are watched, and every
// event in them is a reason to look at the files, no more: what counts is
// whether one of them is another than before. Because a file system may not
// tell (a network mount, a full event queue), the files are also looked at
// every few seconds.
package watch

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// settle is how long after an event the files are read: an editor writes a
	// file in several steps.
	settle = 50 * time.Millisecond
	// poll is how often the files are looked at without any event.
	poll = 5 * time.Second
)

// Files calls changed after any of the files that list names has changed, until
// ctx ends. A change before Files returns may go unseen: read the files after
// it. list is asked again each time, since a changed mapping may name other
// policy files. changed is never called twice at once.
func Files(ctx context.Context, list func() []string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching files: %w", err)
	}
	files := list()
	follow(w, files)
	before := look(files) // before Files returns: what changes after it counts
	go func() {
		defer w.Close()
		loop(ctx, w, files, before, list, changed)
	}()
	return nil
}

func loop(ctx context.Context, w *fsnotify.Watcher, files []string, before map[string]state, list func() []string, changed func()) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-w.Errors: // events were lost; this look finds what they said
			if !open {
				return
			}
		case <-w.Events:
			if settled == nil {
				settled = time.After(settle)
			}
			continue
		case <-settled:
		case <-ticker.C:
		}
		settled = nil
		now := look(files)
		if maps.Equal(before, now) {
			continue
		}
		changed()
		// before is what was seen ahead of changed: whatever was written while it
		// read the files is found different by the next look.
		before = now
		files = list()
		follow(w, files)
	}
}

// follow watches the directories that a change of the files must show in. What
// is watched already stays so; a directory that is gone needs no watching.
func follow(w *fsnotify.Watcher, files []string) {
	for _, file := range files {
		add(w, filepath.Dir(file))
		// The file of a ConfigMap is a link into ..data, itself a link beside it
		// that the swap replaces; a link elsewhere is followed to its target.
		if target, err := filepath.EvalSymlinks(file); err == nil {
			add(w, filepath.Dir(target))
		}
	}
}

// add leaves a directory that can't be watched to the regular look.
func add(w *fsnotify.Watcher, dir string) { _ = w.Add(dir) }

// state tells one version of a file from another without reading it.
type state struct {
	target string
	mtime  time.Time
	size   int64
	inode  inode
}

func look(files []string) map[string]state {
	states := make(map[string]state, len(files))
	for _, file := range files {
		var s state
		if info, err := os.Stat(file); err == nil {
			s = state{mtime: info.ModTime(), size: info.Size(), inode: inodeOf(info)}
			s.target, _ = filepath.EvalSymlinks(file)
		}
		states[file] = s
	}
	return states
}
