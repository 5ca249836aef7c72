package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"

	"github.com/claimgate/claimgate/internal/finding"
	"github.com/claimgate/claimgate/internal/stricttoml"
)

// maxFile bounds what is read of any file: more is a mistake, such as a log
// file named by accident.
const maxFile = 16 << 20

// Environment is the File of findings about variables.
const Environment = "environment"

// Load reads the file, if path is not empty, and the environment (as os.Environ
// gives it). The Config is nil if any finding is an error.
func Load(path string, env []string) (*Config, []finding.Finding) {
	l := &loader{file: path, config: &Config{}, names: map[any]string{}, places: map[string]place{}, broken: map[place]bool{}}
	setDefaults(reflect.ValueOf(l.config).Elem())
	if path != "" && !l.readFile() {
		return nil, l.findings
	}
	l.readEnvironment(env)
	l.resolvePaths()
	l.check()
	l.readFiles()
	l.checkWeakChoices()
	finding.Sort(l.findings)
	if finding.HasErrors(l.findings) {
		return nil, l.findings
	}
	return l.config, l.findings
}

type loader struct {
	file     string
	config   *Config
	names    map[any]string   // where a key is kept -> its path
	places   map[string]place // path -> where it was given; absent for a default
	broken   map[place]bool   // where an error is reported already
	findings []finding.Finding
}

// place is where a key was given: in the file, or in a variable.
type place struct {
	at       stricttoml.Position
	variable string
}

func (l *loader) readFile() bool {
	data, err := readLimited(l.file)
	if err != nil {
		l.findings = append(l.findings, finding.Finding{
			Code: codeUnreadable, Severity: finding.Error, File: l.file,
			Message: "the configuration cannot be read: " + reason(err), Fix: "name a readable file",
		})
		return false
	}
	source, problems := stricttoml.Decode(l.file, data, l.config, convert, func(issuer any) {
		setDefaults(reflect.ValueOf(issuer).Elem())
	})
	for _, p := range problems {
		code := map[stricttoml.Fault]string{
			stricttoml.Syntax: codeSyntax, stricttoml.UnknownKey: codeUnknownKey,
			stricttoml.WrongType: codeWrongType, stricttoml.BadValue: codeBadValue,
		}[p.Fault]
		l.findings = append(l.findings, finding.Finding{
			Code: code, Severity: finding.Error,
			File: p.At.File, Line: p.At.Line, Column: p.At.Column, Message: p.Message, Fix: p.Fix,
		})
		l.broken[place{at: p.At}] = true
		if p.Fault == stricttoml.Syntax {
			return false
		}
	}
	walk(reflect.ValueOf(l.config).Elem(), "", func(e entry) {
		if source.Has(e.pointer()) {
			l.places[e.path] = place{at: source.At(e.pointer())}
		}
	})
	return true
}

// given says whether the file or a variable named the key.
func (l *loader) given(key any) bool {
	_, ok := l.places[l.names[key]]
	return ok
}

// wrong returns true if an error about the value of the key is reported.
func (l *loader) wrong(key any) bool {
	p, ok := l.places[l.names[key]]
	return ok && l.broken[p]
}

// report adds an error about a key, by the address of the key's field. A key
// that is not given is reported at its section, or without a line if the section is not there. Of one
// value only the first error is reported: what follows from a wrong value would only distract.
func (l *loader) report(code string, key any, message, fix string) {
	if p, ok := l.places[l.names[key]]; ok && reflect.TypeOf(key).Elem().Kind() != reflect.Struct {
		if l.broken[p] {
			return
		}
		l.broken[p] = true
	}
	l.add(code, finding.Error, key, message, fix)
}

func (l *loader) add(code string, severity finding.Severity, key any, message, fix string) {
	path := l.names[key]
	f := finding.Finding{
		Code: code, Severity: severity, File: l.file, Message: plain(path) + ": " + message, Fix: fix,
	}
	if l.file == "" {
		f.File = Environment
	}
	for section := path; section != ""; section = parent(section) {
		p, ok := l.places[section]
		if !ok {
			continue
		}
		if p.variable != "" {
			f.File, f.Line, f.Column, f.Message = Environment, 0, 0, p.variable+": "+message
		} else {
			f.File, f.Line, f.Column = p.at.File, p.at.Line, p.at.Column
		}
		break
	}
	l.findings = append(l.findings, f)
}

// parent cuts the last key or list index off a path.
func parent(path string) string {
	for i := len(path) - 1; i > 0; i-- {
		if path[i] == '.' || path[i] == '[' {
			return path[:i]
		}
	}
	return ""
}

// plain writes a path as the file's author does: without list indexes.
func plain(path string) string {
	out := make([]byte, 0, len(path))
	inside := false
	for i := range len(path) {
		switch path[i] {
		case '[':
			inside = true
		case ']':
			inside = false
		default:
			if !inside {
				out = append(out, path[i])
			}
		}
	}
	return string(out)
}

// resolvePaths makes paths of the file relative to the file, and remembers
// where every key is kept, now that no list grows any more.
func (l *loader) resolvePaths() {
	walk(reflect.ValueOf(l.config).Elem(), "", func(e entry) {
		l.names[e.pointer()] = e.path
		if e.field.Tag.Get("unit") == "path" {
			e.value.SetString(l.resolve(e.path, e.value.String()))
		}
	})
	if out := &l.config.Audit.Output; *out != "stdout" && *out != "stderr" && *out != "off" {
		*out = l.resolve("audit.output", *out)
	}
}

func (l *loader) resolve(key, path string) string {
	if path == "" || filepath.IsAbs(path) || l.file == "" || l.places[key].variable != "" {
		return path
	}
	return filepath.Join(filepath.Dir(l.file), path)
}

// readLimited reads a whole file, unless it is too large to be meant.
func readLimited(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("larger than %s", formatSize(maxFile))
	}
	return data, err
}
