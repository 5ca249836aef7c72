// Package strictjson parses JSON strictly: a document has exactly one reading, or it is
// refused.
//
// encoding/json keeps the last of two members with the same name, ignores case when it
// matches names, and replaces invalid UTF-8. Each of these lets a document mean one thing
// to the program that checks it and another thing to the program that acts on it. Package
// strictjson accepts a document only if:
//
//  1. The text is one RFC 8259 value, with only white space around it.
//  2. The text and its escapes are valid UTF-8: a lone surrogate is refused.
//  3. Lists and objects nest at most MaxDepth deep.
//  4. No object, at any depth, has two members whose decoded names are equal.
//  5. Every number is within the range of a 64-bit float (RFC 7493, section 2.2).
//
// Names are compared byte for byte after decoding; case matters.
//
// Parsing fills a flat list of nodes, which the next document reuses. Reading a value
// copies nothing. Every value knows its offset, so a caller can report the line and column
// of a value that the caller refuses.
package strictjson
