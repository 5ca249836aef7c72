package policy

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/internal/spelling"
	"github.com/claimgate/claimgate/internal/strictjson"
)

// conditions reads the Condition of a statement.
func (r *reader) conditions(st *statement, v strictjson.Value) {
	const fix = `write {"OPERATOR": {"KEY": ["VALUE"]}}, or remove it`
	if v.Kind() != strictjson.Object || v.Len() == 0 {
		r.fail(v.Offset(), "Condition is "+emptyOr(v), fix)
		return
	}
	for operator, keys := range v.Members() {
		name := operator.Text()
		text, q := cutQualifier(name)
		f, known := functions[text]
		if !known {
			r.unknownOperator(operator.Offset(), name, text)
			continue
		}
		if keys.Kind() != strictjson.Object || keys.Len() == 0 {
			// MinIO drops this condition.
			r.fail(keys.Offset(), name+" is "+emptyOr(keys), fix)
			continue
		}
		for key, value := range keys.Members() {
			c := &condition{operator: name, key: key.Text(), function: f, qualifier: q}
			if r.conditionKey(st, c, key.Offset()) {
				r.conditionValue(c, value)
			}
			st.conditions = append(st.conditions, c)
		}
	}
}

func emptyOr(v strictjson.Value) string {
	if v.Kind() == strictjson.Object {
		return "empty"
	}
	return v.Kind().String()
}

func cutQualifier(operator string) (string, qualifier) {
	if text, found := strings.CutPrefix(operator, "ForAllValues:"); found {
		return text, forAllValues
	}
	if text, found := strings.CutPrefix(operator, "ForAnyValue:"); found {
		return text, forAnyValue
	}
	return operator, plain
}

func (r *reader) unknownOperator(offset int, name, text string) {
	fix := "use one of " + list(operatorNames)
	if strings.HasSuffix(text, "IfExists") {
		fix = "MinIO has only NumericGreaterThanIfExists; write two statements, one of them with Null"
	} else if known := spelling.Nearest(text, operatorNames); known != "" {
		fix = fmt.Sprintf("write %q", strings.TrimSuffix(name, text)+known)
	}
	r.fail(offset, fmt.Sprintf("there is no condition operator %q", name), fix)
}

// conditionKey checks that the key exists, that MinIO fills it for the statement's actions, and that the
// operator works on it.
func (r *reader) conditionKey(st *statement, c *condition, offset int) bool {
	before := len(r.findings)
	if !knownKey(c.key) {
		r.fail(offset, fmt.Sprintf("there is no condition key %q", c.key), keyAdvice(c.key, ConditionKeys()))
		return false
	}
	if !st.notAction {
		for _, action := range st.actionText {
			if !supports(st.family, action, c.key) {
				r.fail(offset, fmt.Sprintf("MinIO does not support %q for %q", c.key, action),
					"write a separate statement for the actions that support this key")
			}
		}
	}
	only := map[functionKind]string{addressFunction: "aws:SourceIp", boolFunction: "aws:SecureTransport"}
	claim := isClaim(c.key) && c.function.kind == boolFunction
	if key, restricted := only[c.function.kind]; restricted && c.key != key && !claim {
		r.fail(offset, fmt.Sprintf("%s works on %s only", c.operator, key), "use a string or a numeric operator")
	}
	return len(r.findings) == before
}

func (r *reader) conditionValue(c *condition, v strictjson.Value) {
	all := []strictjson.Value{v}
	if v.Kind() == strictjson.Array {
		all = slices.Collect(v.Elements())
	}
	single := c.function.kind != textFunction && c.function.kind != addressFunction
	if len(all) == 0 || single && len(all) > 1 {
		r.fail(v.Offset(), fmt.Sprintf("%s has %d values", c.operator, len(all)), "write one value")
		return
	}
	seen := make(map[string]bool)
	for _, value := range all {
		if raw := string(value.Raw()); seen[raw] {
			r.fail(value.Offset(), "the value "+quotedValue(value)+" is in the list twice", "remove one of them")
		} else {
			seen[raw] = true
		}
		if want := r.addValue(c, value); want != "" {
			r.fail(value.Offset(), fmt.Sprintf("%s of %s has the value %s", c.operator, c.key, quotedValue(value)), "write "+want)
		}
	}
}

// addValue adds one value to the condition. If the value is not possible, want says what would be.
func (r *reader) addValue(c *condition, v strictjson.Value) (want string) {
	text := v.Text()
	switch c.function.kind {
	case textFunction:
		return r.textValue(c, v)
	case addressFunction:
		network, err := parseNetwork(text)
		if err != nil {
			return `an address or a network, "10.0.0.0/8" or "2001:db8::/32"; a single IPv6 address needs /128`
		}
		c.networks = append(c.networks, network)
	case dateFunction:
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return `a time such as "2026-01-31T00:00:00Z"`
		}
		c.moment = moment
	case numberFunction:
		if n, whole := v.Int(); whole {
			c.number = int(n)
			return ""
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			return "a whole number"
		}
		c.number = n
	case boolFunction, nullFunction:
		c.wanted = v.Kind() == strictjson.True || v.Is("true")
		if !c.wanted && v.Kind() != strictjson.False && !v.Is("false") {
			return `"true" or "false"`
		}
	}
	return ""
}

func (r *reader) textValue(c *condition, v strictjson.Value) (want string) {
	if v.Kind() != strictjson.String {
		return "a string"
	}
	text := v.Text()
	if c.function.binary {
		decoded, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return "base64 with its padding"
		}
		text = string(decoded)
	}
	if want := impossibleValue(c.key, text, c.function.like); want != "" {
		return want
	}
	parts := r.parts(v.Offset(), text, c.function.spelling())
	c.patterns = append(c.patterns, newPattern(parts, c.function.fold))
	return ""
}

// parseNetwork reads an address or a network. A bare IPv6 address is an error: MinIO adds /32 to every bare
// address, so there "::1" is a network of 2^96 addresses.
func parseNetwork(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil && addr.Is4() {
		return netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	network, err := netip.ParsePrefix(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	network = network.Masked()
	if addr := network.Addr(); addr.Is4In6() {
		return netip.PrefixFrom(addr.Unmap(), network.Bits()-96), nil
	}
	return network, nil
}
