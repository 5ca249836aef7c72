package console

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/claimgate/claimgate/app/review/offline"
	"github.com/claimgate/claimgate/app/review/proof"
	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/mapping"
	"github.com/claimgate/claimgate/mapping/access"
	"github.com/claimgate/claimgate/mapping/invariant"
	"github.com/claimgate/claimgate/mapping/lint"
)

// files loads the mapping, and loads it again after one of its files changes. It is safe for concurrent use.
type files struct {
	o Options

	mu      sync.Mutex
	watched []string // the files to watch
	stamp   string   // the sizes and times of the watched files
	current *loaded
}

// loaded is a mapping with its findings and with results that are computed once. For a mapping with errors m is
// nil.
type loaded struct {
	m        *mapping.Mapping
	findings []finding.Finding
	options  offline.Options

	texts sync.Map // file -> its lines

	proved   sync.Once
	proofs   []invariant.Result
	proofErr error // why the invariants cannot be read or proved

	listed    sync.Once
	directory *access.Directory
}

// whoCan returns at most limit entries, and whether there are more.
func (l *loaded) whoCan(actions []string, on string, now time.Time, limit int) ([]access.Entry, bool) {
	l.listed.Do(func() { l.directory = access.NewDirectory(l.m) })
	return l.directory.Some(actions, on, now, limit)
}

func newFiles(o Options) *files { return &files{o: o} }

// mapping returns the current mapping of the file.
func (f *files) mapping() *loaded {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.current == nil || stampOf(f.watched) != f.stamp {
		f.watched = append(mapping.Files(f.o.Mapping), invariant.FileOf(f.o.Mapping))
		f.stamp = stampOf(f.watched) // before reading: a change during the read is seen the next time
		text, err := os.ReadFile(f.o.Mapping)
		if err != nil {
			f.current = &loaded{findings: []finding.Finding{{Severity: finding.Error, File: f.o.Mapping, Message: "the mapping cannot be read: " + err.Error()}}}
		} else {
			f.current = f.load(text)
		}
	}
	return f.current
}

// load loads the text as if it were the content of the mapping file.
func (f *files) load(text []byte) *loaded {
	l := &loaded{}
	l.m, l.findings = mapping.LoadText(f.o.Mapping, text)
	l.finish(f.o)
	return l
}

func (l *loaded) finish(o Options) {
	if l.m == nil {
		return
	}
	l.findings = append(l.findings, lint.Check(l.m)...)
	l.options = offline.Options{Mapping: l.m, Now: o.Now}
}

// proven returns the results of the invariants beside the mapping. It proves them once.
func (l *loaded) proven(ctx context.Context, file string) ([]invariant.Result, error) {
	l.proved.Do(func() {
		var list []invariant.Invariant
		if list, l.proofErr = proof.Read(proof.Beside(file)); l.proofErr == nil {
			l.proofs, l.proofErr = proof.Of(context.WithoutCancel(ctx), l.options, list, nil)
		}
	})
	return l.proofs, l.proofErr
}

// stampOf returns a text that changes if the size or the time of one of the files changes.
func stampOf(names []string) string {
	var b strings.Builder
	for _, name := range names {
		if info, err := os.Stat(name); err == nil {
			fmt.Fprintf(&b, "%s %d %s\n", name, info.Size(), info.ModTime().Format(time.RFC3339Nano))
		}
	}
	return b.String()
}

// baseline returns the mapping that an edited one is compared with: the file on disk, another file, or a git
// revision.
func (f *files) baseline(ctx context.Context, against string) (*loaded, error) {
	revision, isGit := strings.CutPrefix(against, "git:")
	switch {
	case against == "":
		return f.mapping(), nil
	case !isGit && against != f.o.Against && !filepath.IsLocal(against):
		return nil, errors.New("name a file beside the mapping, or git:REV")
	case !isGit:
		if against != f.o.Against {
			against = filepath.Join(filepath.Dir(f.o.Mapping), against)
		}
		l := &loaded{}
		l.m, l.findings = mapping.Load(against)
		l.finish(f.o)
		return l, nil
	case revision == "" || strings.HasPrefix(revision, "-"):
		return nil, errors.New("write git:REV, such as git:main or git:HEAD~1")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	l := &loaded{}
	var failed error
	l.m, l.findings = mapping.LoadFrom(f.o.Mapping, func(name string) ([]byte, error) {
		rel, err := filepath.Rel(filepath.Dir(f.o.Mapping), name)
		if err != nil {
			return nil, err
		}
		// "./" makes git read the path from the directory that git runs in. cat-file runs no filter.
		cmd := exec.CommandContext(ctx, "git", "cat-file", "blob", revision+":./"+filepath.ToSlash(rel)) //nolint:gosec // the operator names the revision
		cmd.Dir = filepath.Dir(f.o.Mapping)
		text, err := cmd.Output()
		if err != nil {
			failed = fmt.Errorf("git has no %s at %s", name, revision)
			return nil, failed
		}
		return text, nil
	})
	if failed != nil {
		return nil, failed
	}
	l.finish(f.o)
	return l, nil
}
