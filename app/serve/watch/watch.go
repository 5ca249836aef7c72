// Package watch reports changes of files: files written in place, files replaced by a rename, and the
// symbolic links that Kubernetes swaps when a ConfigMap changes.
//
// The package watches the directories of the files and of their link targets. After an event in a
// directory, it compares the files with their earlier state, and reports a change only if one of them
// differs. Some changes cause no event (on a network mount, or with a full event queue), so the package
// also compares every few seconds.
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
	// settle is the time between an event and the comparison, because an editor writes a file in several
	// steps.
	settle = 50 * time.Millisecond
	// poll is the time between two comparisons without an event.
	poll = 5 * time.Second
)

// Files calls changed after each change of the files that list returns, until ctx ends. Files may miss a
// change before it returns, so read the files afterwards. Files calls list again after each call of
// changed, because a changed mapping may name other policy files. Calls of list and changed do not overlap.
func Files(ctx context.Context, list func() []string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watching files: %w", err)
	}
	files := list()
	watchDirs(w, files)
	before := statAll(files) // before Files returns, so that no later change is missed
	go func() {
		defer w.Close()
		loop(ctx, w, files, before, list, changed)
	}()
	return nil
}

func loop(ctx context.Context, w *fsnotify.Watcher, files []string, before map[string]state, list func() []string, changed func()) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	events := w.Events
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-w.Errors: // events were lost: compare now
			if !open {
				return
			}
		case <-events:
			// Until the comparison, events stay in the kernel, which joins equal ones. A log in the same directory
			// causes an event for each line.
			events, settled = nil, time.After(settle)
			continue
		case <-settled:
		case <-ticker.C:
		}
		events, settled = w.Events, nil
		now := statAll(files)
		if maps.Equal(before, now) {
			continue
		}
		changed()
		// now is from before the call of changed, so the next comparison finds a file that was written
		// during the call.
		before = now
		files = list()
		watchDirs(w, files)
	}
}

// watchDirs watches the directories in which a change of the files causes an event. Earlier watches remain.
func watchDirs(w *fsnotify.Watcher, files []string) {
	for _, file := range files {
		watchDir(w, filepath.Dir(file))
		// A ConfigMap's file links into ..data. ..data is a link in the same directory, and Kubernetes
		// replaces it. For other links, watch the directory of the target.
		if target, err := filepath.EvalSymlinks(file); err == nil {
			watchDir(w, filepath.Dir(target))
		}
	}
}

// watchDir watches a directory. If that fails, only poll finds changes.
func watchDir(w *fsnotify.Watcher, dir string) { _ = w.Add(dir) }

// state distinguishes versions of a file without reading the file.
type state struct {
	target string
	mtime  time.Time
	size   int64
	inode  inode
}

func statAll(files []string) map[string]state {
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
