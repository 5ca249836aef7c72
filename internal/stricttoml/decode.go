package stricttoml

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/claimgate/claimgate/internal/utf8text"
	"github.com/pelletier/go-toml/v2"
)

// Fault is the class of a Problem.
type Fault uint8

// The classes of problems.
const (
	Syntax     Fault = iota + 1 // not TOML
	UnknownKey                  // a key without a field
	WrongType                   // a value of another type than the field's
	BadValue                    // refused by the Converter
)

// Problem says why a part of a document does not fit the struct.
type Problem struct {
	Fault   Fault
	At      Position
	Message string
	Fix     string
}

// Converter sets fields whose Go type the package does not know. It returns taken = false to
// leave the field to the package. A non-nil Refusal refuses the value.
type Converter func(field reflect.StructField, v Value, into reflect.Value) (taken bool, err *Refusal)

// Refusal says why a Converter refuses a value. Fix says what would be right.
type Refusal struct {
	WrongType    bool
	Message, Fix string
}

// Decode sets the fields of the struct that into points at. A key must equal the `toml` tag
// of its field exactly. A field that is not in the document keeps its value. Decode returns
// all problems, but after a Syntax problem it stops. file is only used in positions.
//
// Fields may be string, bool, int64, Value, []string, structs and lists of structs. Decode
// panics on a field of another type, unless convert takes the field. If prepare is not nil,
// Decode calls it with a pointer to each new struct of a list, before it sets the fields.
func Decode(file string, data []byte, into any, convert Converter, prepare func(any)) (*Source, []Problem) {
	text, err := utf8text.Decode(data)
	d := &decoder{
		source:  &Source{file: file, data: text, lines: lineOffsets(text), at: map[any]place{}},
		convert: convert,
		prepare: prepare,
	}
	if text == nil && err != nil {
		return d.source, []Problem{{Fault: Syntax, At: Position{File: file, Line: 1, Column: 1}, Message: err.Error(), Fix: utf8text.Fix}}
	}
	if problem := syntax(d.source); problem != nil {
		return d.source, []Problem{*problem}
	}
	d.table(tree(text), reflect.ValueOf(into).Elem(), "")
	return d.source, d.problems
}

func syntax(s *Source) *Problem {
	if i := invalidUTF8(s.data); i >= 0 {
		return &Problem{Fault: Syntax, At: s.position(i), Message: "the file is not valid UTF-8", Fix: "save it as UTF-8"}
	}
	var all map[string]any
	err := toml.Unmarshal(s.data, &all)
	if err == nil {
		return nil
	}
	at := Position{File: s.file, Line: 1, Column: 1}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, column := decode.Position() // column counts bytes
		if line >= 1 && line <= len(s.lines) {
			at = s.position(s.lines[line-1] + column - 1)
		}
	}
	return &Problem{
		Fault: Syntax, At: at, Message: "not TOML: " + strings.TrimPrefix(err.Error(), "toml: "),
		Fix: "correct the syntax here",
	}
}

func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; ; {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
}

type decoder struct {
	source   *Source
	convert  Converter
	prepare  func(any)
	problems []Problem
}

func (d *decoder) problem(fault Fault, offset int, message, fix string) {
	d.problems = append(d.problems, Problem{Fault: fault, At: d.source.position(offset), Message: message, Fix: fix})
}

// table sets the fields of a struct. path is the name of the table in messages, empty for
// the document itself.
func (d *decoder) table(n *node, into reflect.Value, path string) {
	d.source.remember(into, n, n.start)
	known := schemaOf(into.Type())
	for _, entry := range n.names {
		field, ok := known.fields[entry.text]
		if !ok {
			d.unknown(known.keys, entry, path)
			continue
		}
		d.value(field, entry, into.FieldByIndex(field.Index), join(path, entry.text))
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func (d *decoder) unknown(known []string, entry name, path string) {
	where := "at the top of the file"
	if path != "" {
		where = "in [" + path + "]"
	}
	fix := "the keys here are " + strings.Join(known, ", ")
	if near := spelling.Nearest(entry.text, known); near != "" {
		fix = "did you mean " + near + "?"
	}
	at := entry.start
	if entry.value.end == 0 { // a table header: its position is the bracket
		at = entry.value.start
	}
	d.problem(UnknownKey, at, fmt.Sprintf("unknown key %q %s", entry.text, where), fix)
}

func (d *decoder) value(field reflect.StructField, entry name, into reflect.Value, path string) {
	v := entry.value
	d.source.remember(into, v, entry.start)
	if d.convert != nil {
		taken, refusal := d.convert(field, d.source.valueOf(v), into)
		if refusal != nil {
			fault := BadValue
			if refusal.WrongType {
				fault = WrongType
			}
			d.problem(fault, v.start, fmt.Sprintf("%s: %s", path, refusal.Message), refusal.Fix)
		}
		if taken {
			return
		}
	}
	if into.Type() == valueType {
		into.Set(reflect.ValueOf(d.source.valueOf(v)))
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		if v.kind == Array && len(v.elems) > 0 && v.elems[0].kind == Table {
			d.problem(WrongType, v.start, path+" is one table, not a list of tables", fmt.Sprintf("write [%s], once", path))
			return
		}
		if d.expect(Table, v, path, "["+path+"] and its keys below it") {
			d.table(v, into, path)
		}
	case reflect.Slice:
		d.list(v, into, path)
	default:
		d.scalar(v, into, path)
	}
}

func (d *decoder) list(v *node, into reflect.Value, path string) {
	if into.Type().Elem().Kind() == reflect.Struct {
		if v.kind == Table {
			d.problem(WrongType, v.start, path+" is a list of tables, not one table", fmt.Sprintf("write [[%s]]", path))
			return
		}
		if !d.expect(Array, v, path, "[["+path+"]]") {
			return
		}
		// The list is allocated once, because the addresses of the fields are the keys of the positions.
		into.Set(reflect.MakeSlice(into.Type(), len(v.elems), len(v.elems)))
		for i, e := range v.elems {
			if d.prepare != nil {
				d.prepare(into.Index(i).Addr().Interface())
			}
			if d.expect(Table, e, path, "[["+path+"]]") {
				d.table(e, into.Index(i), path)
			}
		}
		return
	}
	if !d.expect(Array, v, path, `a list, such as ["a", "b"]`) {
		return
	}
	into.Set(reflect.MakeSlice(into.Type(), len(v.elems), len(v.elems)))
	for i, e := range v.elems {
		d.source.remember(into.Index(i), e, e.start)
		d.scalar(e, into.Index(i), "an element of "+path)
	}
}

func (d *decoder) scalar(v *node, into reflect.Value, path string) {
	switch into.Kind() {
	case reflect.String:
		if d.expect(String, v, path, "a string in quotes") {
			into.SetString(v.text)
		}
	case reflect.Bool:
		if d.expect(Bool, v, path, "true or false, without quotes") {
			into.SetBool(v.text == "true")
		}
	case reflect.Int64:
		if d.expect(Integer, v, path, "a whole number, without quotes") {
			i, _ := strconv.ParseInt(v.text, 0, 64) // go-toml has refused what does not fit
			into.SetInt(i)
		}
	default:
		panic("stricttoml: a field of type " + into.Type().String() + " cannot be read")
	}
}

func (d *decoder) expect(want Kind, v *node, path, fix string) bool {
	if v.kind == want {
		return true
	}
	d.problem(WrongType, v.start, fmt.Sprintf("%s must be %s, not %s", path, want, v.kind), "write "+fix)
	return false
}
