package policy

import (
	"slices"
	"strings"
)

type functionKind uint8

const (
	textFunction functionKind = iota
	numberFunction
	dateFunction
	boolFunction
	nullFunction
	addressFunction
)

// A function is the effect of an operator, without its qualifier.
type function struct {
	kind     functionKind
	negated  bool
	fold     bool // upper and lower case are the same
	like     bool // the policy's value has wildcards
	binary   bool // the policy's value is base64
	ifExists bool // holds if the key is absent
	compare  func(order int) bool
}

var functions = map[string]function{
	"StringEquals":              {},
	"StringNotEquals":           {negated: true},
	"StringEqualsIgnoreCase":    {fold: true},
	"StringNotEqualsIgnoreCase": {fold: true, negated: true},
	"StringLike":                {like: true},
	"StringNotLike":             {like: true, negated: true},
	"BinaryEquals":              {binary: true},

	"IpAddress":    {kind: addressFunction},
	"NotIpAddress": {kind: addressFunction, negated: true},
	"Bool":         {kind: boolFunction},
	"Null":         {kind: nullFunction},

	"NumericEquals":              {kind: numberFunction, compare: equal},
	"NumericNotEquals":           {kind: numberFunction, compare: notEqual},
	"NumericLessThan":            {kind: numberFunction, compare: less},
	"NumericLessThanEquals":      {kind: numberFunction, compare: lessOrEqual},
	"NumericGreaterThan":         {kind: numberFunction, compare: greater},
	"NumericGreaterThanEquals":   {kind: numberFunction, compare: greaterOrEqual},
	"NumericGreaterThanIfExists": {kind: numberFunction, compare: greater, ifExists: true},

	"DateEquals":            {kind: dateFunction, compare: equal},
	"DateNotEquals":         {kind: dateFunction, compare: notEqual},
	"DateLessThan":          {kind: dateFunction, compare: less},
	"DateLessThanEquals":    {kind: dateFunction, compare: lessOrEqual},
	"DateGreaterThan":       {kind: dateFunction, compare: greater},
	"DateGreaterThanEquals": {kind: dateFunction, compare: greaterOrEqual},
}

func equal(order int) bool          { return order == 0 }
func notEqual(order int) bool       { return order != 0 }
func less(order int) bool           { return order < 0 }
func lessOrEqual(order int) bool    { return order <= 0 }
func greater(order int) bool        { return order > 0 }
func greaterOrEqual(order int) bool { return order >= 0 }

// spelling returns the function that turns the literal text of a policy's value into ops.
func (f function) spelling() func([]op, string) []op {
	switch {
	case f.like:
		return appendWild
	case f.fold:
		return func(ops []op, text string) []op { return appendLiteral(ops, strings.ToLower(text)) }
	}
	return appendLiteral
}

var operatorNames = Operators()

// Operators lists the condition operators, sorted. A policy may put "ForAllValues:" or "ForAnyValue:"
// before each of them.
func Operators() []string {
	names := make([]string, 0, len(functions))
	for name := range functions {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
