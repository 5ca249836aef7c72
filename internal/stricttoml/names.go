package stricttoml

import (
	"reflect"
	"sync"
)

// schema holds the keys of a struct type. The fields of embedded structs count as fields of
// the type.
type schema struct {
	fields map[string]reflect.StructField
	keys   []string
}

var schemas sync.Map // reflect.Type -> *schema

func schemaOf(t reflect.Type) *schema {
	if known, ok := schemas.Load(t); ok {
		return known.(*schema)
	}
	s := &schema{fields: map[string]reflect.StructField{}}
	for _, f := range reflect.VisibleFields(t) {
		if key := f.Tag.Get("toml"); key != "" && f.IsExported() {
			s.fields[key] = f
			s.keys = append(s.keys, key)
		}
	}
	schemas.Store(t, s)
	return s
}
