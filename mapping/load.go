package mapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/stricttoml"
)

// maxFile bounds the mapping and each policy file.
const maxFile = 16 << 20

// Load reads a mapping and the policy files it names, relative to its own
// place. The Mapping is nil if any finding is an error.
func Load(path string) (*Mapping, []Finding) {
	l := newLoader(path, readFile, time.Now())
	return l.load(), l.findings
}

// LoadText is Load for a text in the place of the mapping file, such as one that is being edited. The
// policy files are those beside path.
func LoadText(path string, text []byte) (*Mapping, []Finding) {
	return LoadFrom(path, func(name string) ([]byte, error) {
		if name == path {
			return text, nil
		}
		return readFile(name)
	})
}

// LoadFrom is Load with another way to read files, such as those of a revision. read gets path, or the path
// of a policy file relative to the place of path.
func LoadFrom(path string, read func(name string) ([]byte, error)) (*Mapping, []Finding) {
	l := newLoader(path, read, time.Now())
	return l.load(), l.findings
}

// Files lists the files that Load would read, as far as that can be told of a
// mapping that may be broken. A change of any of them is a reason to try again.
func Files(path string) []string {
	l := newLoader(path, readFile, time.Now())
	l.load()
	return l.files
}

type loader struct {
	path string
	read func(path string) ([]byte, error)
	now  time.Time

	raw      raw
	source   *stricttoml.Source
	contents []content
	files    []string
	policies map[string]*entry // by folded name
	names    []string          // of policies, as written; the first are MinIO's own
	canned   int               // how many of them
	used     map[*entry]bool
	m        *Mapping
	findings []Finding
}

// content is a file as it was read: once, so that what is compiled is what the
// revision speaks of.
type content struct {
	name string // as the mapping names it, so that the revision moves with the files
	data []byte
	err  error
}

func newLoader(path string, read func(string) ([]byte, error), now time.Time) *loader {
	return &loader{
		path: path, read: read, now: now, files: []string{path},
		policies: map[string]*entry{}, used: map[*entry]bool{},
		m: &Mapping{
			claimPath: []string{"policy"}, claim: map[string]int{}, groups: map[string][]int{}, users: map[string][]int{},
			accounts: map[string]int{}, exceptions: map[string][]int{},
		},
	}
}

func (l *loader) load() *Mapping {
	data, err := l.read(l.path)
	if err != nil {
		l.report(codeUnreadable, stricttoml.Position{File: l.path}, "the mapping cannot be read: "+reason(err), "name a readable file")
		return nil
	}
	l.contents = append(l.contents, content{name: "", data: data})
	if !l.decode(data) {
		return nil
	}
	l.loadPolicies()
	l.loadRules()
	l.loadGuards()
	l.lint()
	finding.Sort(l.findings)
	if finding.HasErrors(l.findings) {
		return nil
	}
	l.m.revision = revision(l.contents)
	l.m.files = l.files
	l.m.policies = make([]*entry, len(l.names))
	for _, e := range l.policies {
		l.m.policies[e.number] = e
	}
	return l.m
}

// decode reports false if there is nothing to look at.
func (l *loader) decode(data []byte) bool {
	source, problems := stricttoml.Decode(l.path, data, &l.raw, nil, nil)
	l.source = source
	for _, p := range problems {
		code := codeWrongType
		switch p.Fault {
		case stricttoml.Syntax:
			code = codeSyntax
		case stricttoml.UnknownKey:
			code = codeUnknownKey
		default:
		}
		l.report(code, p.At, p.Message, p.Fix)
		if p.Fault == stricttoml.Syntax {
			return false
		}
	}
	r := &l.raw
	if len(problems) == 0 && len(r.Groups)+len(r.Users)+len(r.Accounts)+len(r.Claim.Allow) == 0 {
		l.report(codeEmpty, stricttoml.Position{File: l.path}, "no rule grants anything to anyone",
			"add a [[group]], [[user]] or [[account]], or [claim] with allow")
		return false
	}
	switch {
	case !source.Has(&r.Version):
		l.report(codeVersion, stricttoml.Position{File: l.path}, "the version of the format is missing", "write version = 1 at the top")
	case r.Version != 1 && !l.broken(&r.Version):
		l.report(codeVersion, source.At(&r.Version), fmt.Sprintf("version %d is not known to this claimgate", r.Version), "write version = 1")
	}
	return true
}

// broken says whether a finding stands at a field's value already.
func (l *loader) broken(field any) bool {
	at := l.source.At(field)
	return slices.ContainsFunc(l.findings, func(f Finding) bool {
		return f.Severity == finding.Error && f.Line == at.Line && f.Column == at.Column && f.File == at.File
	})
}

func (l *loader) report(code string, at stricttoml.Position, message, fix string) {
	l.findings = append(l.findings, Finding{
		Code: code, Severity: severities[code], File: at.File, Line: at.Line, Column: at.Column, Message: message, Fix: fix,
	})
}

// readOnce reads a file that the mapping names; a second policy may name it too.
func (l *loader) readOnce(name string) (path string, data []byte, err error) {
	path = name
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(l.path), path)
	}
	for _, c := range l.contents[1:] {
		if c.name == name {
			return path, c.data, c.err
		}
	}
	data, err = l.read(path)
	l.contents = append(l.contents, content{name: name, data: data, err: err})
	l.files = append(l.files, path)
	return path, data, err
}

// revision hashes names and contents, each with its length before it, so that
// nothing can move from one file to the next unseen.
func revision(contents []content) string {
	slices.SortFunc(contents, func(a, b content) int { return cmp.Compare(a.name, b.name) })
	h := sha256.New()
	write := func(part []byte) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		_, _ = h.Write(size[:]) // a hash never fails
		_, _ = h.Write(part)
	}
	write([]byte("claimgate mapping 1"))
	for _, c := range contents {
		write([]byte(c.name))
		write(c.data)
	}
	return hex.EncodeToString(h.Sum(nil))
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, errors.New("it is larger than 16 MiB")
	}
	return data, err
}

func reason(err error) string {
	switch path, ok := errors.AsType[*fs.PathError](err); {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case ok:
		return path.Err.Error()
	default:
		return err.Error()
	}
}
