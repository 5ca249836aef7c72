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

// maxFile is the largest file that is read, in bytes. A larger file is a mistake, such as a log file.
const maxFile = 16 << 20

// Environment is the File of a finding about a variable.
const Environment = "environment"

// Load reads the file, unless path is empty, and the environment in the form of os.Environ. The findings are
// sorted, errors first. The Config is nil if a finding is an error.
func Load(path string, env []string) (*Config, []finding.Finding) {
	l := &loader{file: path, config: &Config{}, names: map[any]string{}, places: map[string]place{}, reported: map[place]bool{}}
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
	names    map[any]string   // the path of a key, by a pointer to the key's field
	places   map[string]place // where a key was given, by its path; a key with its default has no place
	reported map[place]bool   // the places for which an error is reported
	findings []finding.Finding
}

// place is where a key was given: a position in the file, or a variable.
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
		l.reported[place{at: p.At}] = true
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

// given reports whether the file or a variable gave the key.
func (l *loader) given(key any) bool {
	_, ok := l.places[l.names[key]]
	return ok
}

// hasError reports whether there is an error about the value of the key.
func (l *loader) hasError(key any) bool {
	p, ok := l.places[l.names[key]]
	return ok && l.reported[p]
}

// report adds an error about a key. key is a pointer to the key's field. If the key is not given, the error is at
// its section; if the section is not there either, the error has no line. Only the first error of a value is
// reported, because the others may only follow from it.
func (l *loader) report(code string, key any, message, fix string) {
	if p, ok := l.places[l.names[key]]; ok && reflect.TypeOf(key).Elem().Kind() != reflect.Struct {
		if l.reported[p] {
			return
		}
		l.reported[p] = true
	}
	l.add(code, finding.Error, key, message, fix)
}

func (l *loader) add(code string, severity finding.Severity, key any, message, fix string) {
	path := l.names[key]
	f := finding.Finding{
		Code: code, Severity: severity, File: l.file, Message: withoutIndexes(path) + ": " + message, Fix: fix,
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

// withoutIndexes returns a path without list indexes, as keys are written in the file.
func withoutIndexes(path string) string {
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

// resolvePaths resolves the paths in the file against the directory of the file. It also fills names. No list may
// grow after that, because its elements would move.
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

// readLimited reads a whole file of at most maxFile bytes.
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
