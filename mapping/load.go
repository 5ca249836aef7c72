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

// maxFile is the largest size of the mapping and of each policy file, in bytes.
const maxFile = 16 << 20

// Load reads a mapping and the policy files that it names. Their paths are relative to the directory of the
// mapping. The Mapping is nil if a finding is an error.
func Load(path string) (*Mapping, []Finding) {
	l := newLoader(path, readFile, time.Now())
	return l.load(), l.findings
}

// LoadText is like Load, but takes the mapping from text, such as a file that is being edited. The policy
// files are read relative to path.
func LoadText(path string, text []byte) (*Mapping, []Finding) {
	return LoadFrom(path, func(name string) ([]byte, error) {
		if name == path {
			return text, nil
		}
		return readFile(name)
	})
}

// LoadFrom is like Load, but reads files with read, for example from a revision in version control. read
// gets path and the paths of the policy files. A relative path of a policy file is joined to the directory
// of path.
func LoadFrom(path string, read func(name string) ([]byte, error)) (*Mapping, []Finding) {
	l := newLoader(path, read, time.Now())
	return l.load(), l.findings
}

// Files lists the files that Load would read, as far as this can be known if the mapping is broken. Load
// may give another result when one of them changes.
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
	names    []string          // the policies' names as written, MinIO's own first
	canned   int               // the number of MinIO's own policies
	used     map[*entry]bool   // the policies that a rule or a guard names
	m        *Mapping
	findings []Finding
}

// content is a file as it was read. Each file is read once, so that the revision is that of the compiled
// bytes.
type content struct {
	name string // the path in the mapping; the revision does not depend on the directory
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
	l.lintUnused()
	l.noteFirstGrants()
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

// decode returns false if there is nothing more to check.
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
	case r.Version != 1 && !l.hasError(&r.Version):
		l.report(codeVersion, source.At(&r.Version), fmt.Sprintf("version %d is not known to this claimgate", r.Version), "write version = 1")
	}
	return true
}

// hasError reports whether there is already an error at the field's value.
func (l *loader) hasError(field any) bool {
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

// readOnce reads a policy file. If two policies name the same file, the file is read once.
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

// revision hashes the names and contents. The length of each part is hashed before the part, so that no
// byte can move from one part to the next without changing the revision.
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
