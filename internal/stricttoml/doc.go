// Package stricttoml decodes TOML into structs strictly, for files that grant rights: a key
// must be spelled exactly, or it is reported with its line and column.
//
// go-toml ignores case when it matches keys to struct fields, so it takes `Listen` for
// `listen`. It also does not say where in the file the value of a field is. Package
// stricttoml works in these steps:
//
//  1. go-toml checks the syntax. An error has the position that go-toml reports.
//  2. The AST of go-toml is converted into a tree in which every key and value has its
//     offset.
//  3. The values of the tree are set in the struct, by the exact spelling of the `toml`
//     tags. All keys without a field, and all values of another type than the field's, are
//     reported.
//  4. The caller can ask for the position of a value, by the address of its field.
package stricttoml
