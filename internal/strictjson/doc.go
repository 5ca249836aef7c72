// Package strictjson reads JSON the way a gate has to: every document has one
// reading, or none.
//
// encoding/json keeps the last of two members of one name, matches names
// without regard to case, and repairs broken UTF-8. Each of these lets a
// document mean one thing to the party that checked it and another to the
// party that acts on it. Here, in this order:
//
//  1. The text is one RFC 8259 value with nothing but white space around it.
//  2. It is valid UTF-8, escapes included: a lone surrogate is refused.
//  3. Nesting is bounded, so no input exhausts the stack.
//  4. No object, at any depth, has two members whose decoded names are equal.
//  5. Names are compared byte for byte after decoding, never folded.
//
// Parsing fills a flat list of nodes that is reused from document to document;
// reading a member of it copies nothing. Every node knows its offset, so a
// caller can name the line and column of what it refuses.
package strictjson
