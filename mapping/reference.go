package mapping

import (
	"reflect"

	"github.com/claimgate/claimgate/internal/stricttoml"
)

// Table documents one table of mapping.toml and its keys.
type Table struct {
	Name string // such as "[[group]]"; empty for the top of the file
	Doc  string
	Keys []Key
}

// Key is one key of a table.
type Key struct{ Name, Type, Doc string }

// Reference lists all tables and keys of mapping.toml. It is generated from the struct that the file is
// decoded into.
func Reference() []Table { return ReferenceOf(raw{}) }

// ReferenceOf lists the tables and keys of a struct with toml and doc tags.
func ReferenceOf(file any) []Table {
	top := Table{Doc: "At the top of the file."}
	var tables []Table
	t := reflect.TypeOf(file)
	for i := range t.NumField() {
		f := t.Field(i)
		name, doc := f.Tag.Get("toml"), f.Tag.Get("doc")
		switch {
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			tables = append(tables, tablesOf("[["+name+"]]", name, doc, f.Type.Elem())...)
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[stricttoml.Value]():
			tables = append(tables, tablesOf("["+name+"]", name, doc, f.Type)...)
		default:
			top.Keys = append(top.Keys, Key{name, typeName(f), doc})
		}
	}
	if len(top.Keys) == 0 {
		return tables
	}
	return append([]Table{top}, tables...)
}

func tablesOf(head, path, doc string, t reflect.Type) []Table {
	table := Table{Name: head, Doc: doc}
	var nested []Table
	for _, f := range reflect.VisibleFields(t) {
		name := f.Tag.Get("toml")
		switch {
		case name == "":
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[stricttoml.Value]():
			nested = append(nested, tablesOf(path+"."+name, path+"."+name, f.Tag.Get("doc"), f.Type)...)
		default:
			table.Keys = append(table.Keys, Key{name, typeName(f), f.Tag.Get("doc")})
		}
	}
	return append([]Table{table}, nested...)
}

func typeName(f reflect.StructField) string {
	switch t := f.Type; {
	case f.Tag.Get("type") != "":
		return f.Tag.Get("type")
	case t.Kind() == reflect.Slice:
		return "list of strings"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int64:
		return "number"
	}
	return "string"
}
