package stricttoml

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
)

// Position is a place in a file. Line and Column start at 1; columns count
// characters.
type Position struct {
	File         string
	Line, Column int
}

// Value is a value as it is written in the document. The zero Value stands for an absent key.
type Value struct {
	Kind Kind
	// Text is the content of a string, or the literal text of a number, boolean, date or
	// time. It is empty for lists and tables.
	Text string
	// Raw is the text in the document, quotes included.
	Raw string
	At  Position
}

var valueType = reflect.TypeFor[Value]()

// Time returns the instant of a date-time. A local date-time is in UTC. For a date, Time
// returns the first instant after that day in UTC, because "until this day" includes the
// day. Time returns false for values of other kinds.
func (v Value) Time() (time.Time, bool) {
	switch v.Kind {
	case LocalDate:
		var d toml.LocalDate
		if d.UnmarshalText([]byte(v.Text)) != nil {
			return time.Time{}, false
		}
		return d.AsTime(time.UTC).AddDate(0, 0, 1), true
	case LocalDateTime:
		var d toml.LocalDateTime
		if d.UnmarshalText(upperT(v.Text)) != nil {
			return time.Time{}, false
		}
		return d.AsTime(time.UTC), true
	case DateTime:
		t, err := time.Parse(time.RFC3339Nano, string(upperT(v.Text)))
		return t.UTC(), err == nil
	default:
		return time.Time{}, false
	}
}

// upperT returns a date-time in the form of RFC 3339. TOML also allows a blank or a
// lower-case t between date and time, and a lower-case z.
func upperT(text string) []byte {
	return []byte(strings.ToUpper(strings.Replace(text, " ", "T", 1)))
}

// Source knows where in the document the values of the fields of a decoded struct are.
type Source struct {
	file  string
	data  []byte
	lines []int
	at    map[any]place
}

type place struct {
	value, key int
}

func (s *Source) remember(into reflect.Value, n *node, keyStart int) {
	s.at[into.Addr().Interface()] = place{value: n.start, key: keyStart}
}

// Has reports whether the field that the pointer points at is in the document.
func (s *Source) Has(field any) bool {
	_, ok := s.at[field]
	return ok
}

// At returns the position of the value of a field. field is a pointer to the field: a
// string, an element of a list, a table. For lists and inline tables, At returns the
// position of the key. For a field that is not in the document, the line is 0.
func (s *Source) At(field any) Position {
	if p, ok := s.at[field]; ok {
		return s.position(p.value)
	}
	return Position{File: s.file}
}

// KeyAt returns the position of the key of a field. For a field that is not in the document, the
// line is 0.
func (s *Source) KeyAt(field any) Position {
	if p, ok := s.at[field]; ok {
		return s.position(p.key)
	}
	return Position{File: s.file}
}

func (s *Source) valueOf(n *node) Value {
	v := Value{Kind: n.kind, Text: n.text, At: s.position(n.start)}
	if n.end > 0 {
		v.Raw = string(s.data[n.start:n.end])
	}
	return v
}

// position converts an offset into a line and a column, by binary search: a file of ten
// thousand rules needs a hundred thousand positions.
func (s *Source) position(offset int) Position {
	offset = min(max(offset, 0), len(s.data))
	i, found := slices.BinarySearch(s.lines, offset)
	if !found {
		i--
	}
	return Position{File: s.file, Line: i + 1, Column: 1 + utf8.RuneCount(s.data[s.lines[i]:offset])}
}

// lineOffsets returns the offset of the start of every line.
func lineOffsets(data []byte) []int {
	lines := make([]int, 1, 1+bytes.Count(data, []byte{'\n'}))
	for i, c := range data {
		if c == '\n' {
			lines = append(lines, i+1)
		}
	}
	return lines
}
