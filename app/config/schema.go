package config

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/stricttoml"
)

// Key is one key of config.toml, for the reference in the documentation.
type Key struct {
	Section string // as in the file: server, issuer, issuer.introspection
	Name    string
	Env     string // with <n> for the number of an issuer or an endpoint
	Type    string // string, boolean, integer, list, duration, size
	Default string // as written in a variable
	Require bool   // the key has no default
	OneOf   []string
	Doc     string
}

// Reference returns every key, in the order of the file.
func Reference() []Key {
	var keys []Key
	c := Config{Issuers: make([]Issuer, 1), Endpoints: make([]Endpoint, 1)}
	walk(reflect.ValueOf(&c).Elem(), "", func(e entry) {
		if !e.leaf() {
			return
		}
		section, name := e.path[:strings.LastIndexByte(e.path, '.')], e.field.Tag.Get("toml")
		value, hasDefault := e.field.Tag.Lookup("default")
		key := Key{
			Section: strings.ReplaceAll(section, "[0]", ""),
			Name:    name,
			Env:     strings.NewReplacer("ISSUER_0_", "ISSUER_<n>_", "ENDPOINT_0_", "ENDPOINT_<n>_").Replace(envName(e.path)),
			Type:    typeName(e.field),
			Default: value,
			Require: !hasDefault,
			Doc:     e.field.Tag.Get("doc"),
		}
		if enum := e.field.Tag.Get("enum"); enum != "" {
			key.OneOf = strings.Split(enum, ",")
		}
		keys = append(keys, key)
	})
	return keys
}

func typeName(f reflect.StructField) string {
	switch {
	case f.Type == durationType:
		return "duration"
	case f.Tag.Get("unit") == "size":
		return "size"
	}
	switch f.Type.Kind() {
	case reflect.Bool:
		return "boolean"
	case reflect.Int64:
		return "integer"
	case reflect.Slice:
		return "list"
	default:
		return "string"
	}
}

// entry is a section, a key, or an element of a list, with its value.
type entry struct {
	path  string // server.listen, issuer[0].url, issuer[0].audiences[1]
	field reflect.StructField
	value reflect.Value
}

func (e entry) pointer() any { return e.value.Addr().Interface() }

// leaf reports whether the entry is a key, and not a section or an element.
func (e entry) leaf() bool {
	return e.value.Kind() != reflect.Struct && !isTableList(e.field) && !strings.HasSuffix(e.path, "]")
}

// isTableList reports whether a field is a list of tables.
func isTableList(f reflect.StructField) bool {
	return f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct
}

var durationType = reflect.TypeFor[time.Duration]()

// walk visits every section, key and list element of a struct, in order.
func walk(v reflect.Value, path string, visit func(entry)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("toml")
		if key == "" {
			continue
		}
		if path != "" {
			key = path + "." + key
		}
		value := v.Field(i)
		visit(entry{key, field, value})
		switch value.Kind() {
		case reflect.Struct:
			walk(value, key, visit)
		case reflect.Slice:
			for j := range value.Len() {
				element := key + "[" + strconv.Itoa(j) + "]"
				visit(entry{element, field, value.Index(j)})
				if isTableList(field) {
					walk(value.Index(j), element, visit)
				}
			}
		default:
		}
	}
}

// setDefaults sets every key below v to the default of its tag.
func setDefaults(v reflect.Value) {
	walk(v, "", func(e entry) {
		if text := e.field.Tag.Get("default"); text != "" && e.leaf() {
			setTag(e.field, e.value, text)
		}
	})
}

// setTag sets a key to the value of one of its tags. It panics on a bad value, because then the tag is wrong.
func setTag(field reflect.StructField, into reflect.Value, text string) {
	if bad := setText(field, into, text); bad != nil {
		panic("config: a tag of " + field.Name + ": " + bad.message)
	}
}

// setText sets a key to the value of a variable or a tag.
func setText(field reflect.StructField, into reflect.Value, text string) *badText {
	switch {
	case field.Type == durationType:
		d, bad := parseDuration(text)
		if bad == nil {
			into.SetInt(int64(d))
		}
		return bad
	case field.Tag.Get("unit") == "size":
		n, bad := parseSize(text)
		if bad == nil {
			into.SetInt(n)
		}
		return bad
	}
	switch field.Type.Kind() {
	case reflect.Bool:
		if text != "true" && text != "false" {
			return &badText{strconv.Quote(text) + " is neither true nor false", "write true or false"}
		}
		into.SetBool(text == "true")
	case reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return &badText{strconv.Quote(text) + " is not a whole number", "write digits only"}
		}
		into.SetInt(n)
	case reflect.Slice:
		parts := splitList(text)
		list := reflect.MakeSlice(field.Type, len(parts), len(parts))
		for i, part := range parts {
			list.Index(i).SetString(part)
		}
		into.Set(list)
	default:
		into.SetString(text)
	}
	return nil
}

// convert reads durations and sizes from strings, because TOML has neither.
func convert(field reflect.StructField, v stricttoml.Value, into reflect.Value) (bool, *stricttoml.Refusal) {
	example := "30s"
	switch {
	case field.Type == durationType:
	case field.Tag.Get("unit") != "size" || v.Kind == stricttoml.Integer:
		return false, nil
	default:
		example = "4MiB"
	}
	if v.Kind != stricttoml.String {
		return true, &stricttoml.Refusal{
			WrongType: true,
			Message:   "must be a " + typeName(field) + ", not " + v.Kind.String(),
			Fix:       "write a string with a unit, such as " + strconv.Quote(example),
		}
	}
	if bad := setText(field, into, v.Text); bad != nil {
		return true, &stricttoml.Refusal{Message: bad.message, Fix: bad.fix}
	}
	return true, nil
}
