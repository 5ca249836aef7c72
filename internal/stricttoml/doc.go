// Package stricttoml reads TOML into structs the way a file that grants rights
// has to be read: every key means exactly what it says, or it is refused with
// its line and column.
//
// go-toml matches keys to struct fields without regard to case, so `Listen`
// would be taken for `listen`, and of a decoded struct nobody can tell any more
// where a value stood. Here, in this order:
//
//  1. go-toml judges the syntax: what it refuses is refused, at its position.
//  2. Its AST is turned into a tree in which every key and value knows its
//     offset.
//  3. The tree is laid over the struct by the exact spelling of the `toml` tags.
//     Keys without a field, and values of another type than the field's, are
//     reported; all of them, not only the first.
//  4. What was read can be asked for its position, by the address of the field
//     that holds it.
package stricttoml
