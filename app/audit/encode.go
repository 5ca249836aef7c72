package audit

import (
	"bytes"
	"encoding/json"
	"strconv"
	"unsafe"

	"github.com/claimgate/claimgate/internal/strictjson"
)

// object writes one JSON object, member by member, in the order of the calls. Encoding the line is most of
// the cost of an answer with a log. So object copies text that needs no escape, which is nearly all text,
// and uses encoding/json for the rest.
type object struct{ b []byte }

func begin(b []byte) object { return object{append(b, '{')} }

func (o *object) end() []byte { return append(o.b, '}') }

// name begins a member. The name must not need an escape.
func (o *object) name(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

// key begins a member whose name may be any text.
func (o *object) key(name string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(appendText(o.b, name), ':')
}

func (o *object) text(name, v string) *object {
	o.name(name)
	o.b = appendText(o.b, v)
	return o
}

func (o *object) list(name string, v []string) *object {
	o.name(name)
	return o.texts(v)
}

// texts writes a list of strings as the value of a member.
func (o *object) texts(v []string) *object {
	o.b = append(o.b, '[')
	for i, s := range v {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendText(o.b, s)
	}
	o.b = append(o.b, ']')
	return o
}

func (o *object) flag(name string, v bool) *object {
	o.name(name)
	o.b = strconv.AppendBool(o.b, v)
	return o
}

func (o *object) number(name string, v int64) *object {
	o.name(name)
	o.b = strconv.AppendInt(o.b, v, 10)
	return o
}

// appendText appends s as a JSON string. Bytes that are not UTF-8 become the replacement character,
// because JSON cannot hold them.
func appendText(b []byte, s string) []byte {
	if strictjson.Plain(unsafe.Slice(unsafe.StringData(s), len(s))) == len(s) { //nolint:gosec // only read
		b = append(b, '"')
		b = append(b, s...)
		return append(b, '"')
	}
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // encoding a string into a buffer cannot fail
	return append(b, bytes.TrimSuffix(quoted.Bytes(), []byte{'\n'})...)
}
