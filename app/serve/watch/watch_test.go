package watch

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/claimgate/claimgate/internal/testsupport/leaks"
	"github.com/fsnotify/fsnotify"
)

func TestMain(m *testing.M) { leaks.Main(m) }

// deadline ends a test that hangs: the waits end with the change. Files and inotify are real, so there is no
// clock to inject.
const deadline = time.Minute

func start(t *testing.T, files ...string) <-chan struct{} {
	t.Helper()
	seen := make(chan struct{}, 100)
	err := Files(t.Context(), func() []string { return files }, func() { seen <- struct{}{} })
	if err != nil {
		t.Fatal(err)
	}
	return seen
}

func expect(t *testing.T, seen <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-seen:
	case <-time.After(deadline):
		t.Fatalf("%s was not seen", what)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestSeesAFileWrittenInPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mapping.toml")
	write(t, file, "one")
	seen := start(t, file)
	write(t, file, "two and more")
	expect(t, seen, "a write in place")
}

func TestSeesAFileReplacedByRename(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mapping.toml")
	write(t, file, "one")
	seen := start(t, file)
	for range 3 { // the watch must survive the removal of the first file
		write(t, file+".new", "two")
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
		expect(t, seen, "a rename over the file")
	}
}

func TestSeesTheLinkSwapOfAConfigMap(t *testing.T) {
	dir := t.TempDir()
	for _, version := range []string{"..2026_1", "..2026_2", "..2026_3"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version, "mapping.toml"), "same size")
	}
	link := func(target, name string) {
		t.Helper()
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link("..2026_1", "..data")
	link("..data/mapping.toml", "mapping.toml")
	seen := start(t, filepath.Join(dir, "mapping.toml"))
	for _, version := range []string{"..2026_2", "..2026_3"} {
		link(version, "..data_tmp")
		if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
		expect(t, seen, "the swap to "+version)
	}
}

func TestSeesAFileThatAppears(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mapping.toml")
	seen := start(t, file)
	write(t, file, "one")
	expect(t, seen, "a new file")
}

func TestAnotherFileOfTheDirectoryIsNoChange(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "mapping.toml")
	write(t, file, "one")
	seen := start(t, file)
	write(t, filepath.Join(dir, "other"), "x")
	// One step, because a write in place is two changes if the machine is slow: the file is empty in between.
	next := filepath.Join(t.TempDir(), "next")
	write(t, next, "a second text")
	if err := os.Rename(next, file); err != nil {
		t.Fatal(err)
	}
	expect(t, seen, "the write")
	select {
	case <-seen:
		t.Fatal("one change was reported twice, or the other file")
	case <-time.After(4 * settle):
	}
}

// A log beside the mapping causes an event for each line. Reading each of them took a tenth of a processor.
func TestEventsAreLeftAloneUntilTheComparison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan fsnotify.Event)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go loop(ctx, &fsnotify.Watcher{Events: events}, nil, statAll(nil), nil, nil)
		began := time.Now()
		for n := range 3 {
			events <- fsnotify.Event{Name: "decisions.jsonl", Op: fsnotify.Write}
			if waited := time.Since(began); waited != time.Duration(n)*settle {
				t.Errorf("event %d was read after %s, want one event every %s", n, waited, settle)
			}
		}
	})
}

func TestEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	if err := Files(ctx, func() []string { return nil }, func() {}); err != nil {
		t.Fatal(err)
	}
	cancel() // goleak finds a goroutine that stays
}
