package invariant

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/claimgate/claimgate/mapping/access"
)

// candidates returns values of a key to try: for each test, values that match and values that do not. nil means
// that the key is not set. complete is true if every other value that the tests can read gives the same answers as
// one of these. Values that a test cannot read are in worst.
func candidates(key string, tests []access.Test) (values []any, complete bool) {
	complete = true
	fresh := freshText(tests)
	var dates []time.Time
	add := func(v any) {
		if !slices.ContainsFunc(values, func(o any) bool { return equal(o, v) }) {
			values = append(values, v)
		}
	}
	texts := 0
	for _, t := range tests {
		operator := unqualified(t.Operator)
		for _, text := range t.Values {
			switch {
			case operator == "Null":
			case operator == "Bool":
				add(boolOf(key, true))
				add(boolOf(key, false))
			case strings.HasPrefix(operator, "Numeric"):
				complete = numberCandidates(key, text, add) && complete
			case strings.HasPrefix(operator, "Date"):
				at, err := time.Parse(time.RFC3339, text)
				if err != nil {
					complete = false
					continue
				}
				for _, other := range dates { // times between two whole seconds are not tried
					complete = complete && (other.Equal(at) || other.Sub(at).Abs() > 2*time.Second)
				}
				dates = append(dates, at)
				for _, near := range []time.Duration{0, -time.Second, time.Second} {
					add(at.Add(near).UTC().Format(time.RFC3339Nano))
				}
			case strings.HasSuffix(operator, "IpAddress"):
				for _, address := range append(addresses(text), "203.0.113.1", "2001:db8::1") { // IPv4 and IPv6
					add(address)
				}
			default:
				texts++
				complete = complete && textCandidates(operator, text, fresh, add)
			}
		}
	}
	if texts > 0 {
		complete = textPairs(key, &values, texts) && complete && !comparedTwice(key, tests)
	}
	if !alwaysSent(key) {
		values = append(values, nil)
	}
	if len(values) == 0 || onlyNull(tests) {
		add(otherValue(key, fresh))
	}
	return values, complete
}

// numberCandidates adds the number of a test, and one less and one more. complete is false if the text is no number.
func numberCandidates(key, text string, add func(any)) (complete bool) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return false
	}
	for _, near := range []int{n, n - 1, n + 1} {
		add(numberOf(key, near))
	}
	return true
}

// equal returns true if two values of facts are equal.
func equal(a, b any) bool {
	x, many := a.([]string)
	y, too := b.([]string)
	if many || too {
		return many && too && slices.Equal(x, y)
	}
	return a == b
}

func onlyNull(tests []access.Test) bool {
	return !slices.ContainsFunc(tests, func(t access.Test) bool { return t.Operator != "Null" })
}

// otherValue returns a value of the key that no policy names.
func otherValue(key, fresh string) any {
	switch key {
	case "aws:SourceIp":
		return "203.0.113.1"
	case "aws:SecureTransport":
		return "true"
	}
	return fresh
}

// freshPrefix is the first part of each fresh text.
const freshPrefix = "zqx"

// freshText returns a text that no value of the tests contains. The fresh text stands for all texts that the
// tests do not name, so a policy must not be able to name it.
func freshText(tests []access.Test) string {
	fresh := freshPrefix
	for slices.ContainsFunc(tests, func(t access.Test) bool {
		return slices.ContainsFunc(t.Values, func(text string) bool { return strings.Contains(strings.ToLower(text), fresh) })
	}) {
		fresh += "z"
	}
	return fresh
}

// alwaysSent returns true if MinIO sends the key with every request.
func alwaysSent(key string) bool {
	switch key {
	case "aws:SourceIp", "aws:SecureTransport", "aws:CurrentTime", "aws:EpochTime", "s3:signatureversion", "s3:authType":
		return true
	}
	return false
}

// boolOf returns the value as the key has it: a claim is a JSON boolean, and any other value is a text.
func boolOf(key string, b bool) any {
	if strings.HasPrefix(key, "claim:") {
		return b
	}
	return strconv.FormatBool(b)
}

// numberOf is boolOf for numbers.
func numberOf(key string, n int) any {
	if strings.HasPrefix(key, "claim:") {
		return n
	}
	return strconv.Itoa(n)
}

// addresses returns the last and the first address of a network, and the address after and before the network.
func addresses(text string) []any {
	network, err := netip.ParsePrefix(text)
	if addr, notOne := netip.ParseAddr(text); notOne == nil {
		network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	if err != nil {
		return nil
	}
	first := network.Masked().Addr()
	bytes := first.AsSlice()
	for bit := network.Bits(); bit < first.BitLen(); bit++ {
		bytes[bit/8] |= 0x80 >> (bit % 8)
	}
	last, _ := netip.AddrFromSlice(bytes)
	all := []any{last.String(), first.String()}
	for _, outside := range []netip.Addr{last.Next(), first.Prev()} {
		if outside.IsValid() {
			all = append(all, outside.String())
		}
	}
	return all
}

// textCandidates adds texts that match the value text of a string operator, and texts that do not match.
func textCandidates(operator, text, fresh string, add func(any)) (complete bool) {
	if strings.Contains(text, "${") {
		add(text)
		add(fresh)
		return false
	}
	if !strings.HasSuffix(operator, "Like") {
		add(text)
		add(fresh)
		return operator == "StringEquals" || operator == "StringNotEquals"
	}
	add(strings.NewReplacer("*", "", "?", "x").Replace(text))
	if strings.Contains(text, "*") {
		add(strings.NewReplacer("*", fresh, "?", "x").Replace(text))
	}
	add(fresh)
	return !strings.ContainsAny(text, "*?") || strings.Trim(text, "*") == ""
}

// textPairs adds lists of two of the values, if the key may have several. texts is the number of text
// values in the tests.
func textPairs(key string, values *[]any, texts int) (complete bool) {
	if !multiValued(key) {
		return true
	}
	single := slices.Clone(*values)
	for i, a := range single {
		for _, b := range single[i+1:] {
			x, ok := a.(string)
			y, too := b.(string)
			if ok && too && len(*values) < 64 {
				*values = append(*values, []string{x, y})
			}
		}
	}
	return texts <= 2
}

func multiValued(key string) bool {
	return inToken(key) || key == "s3:RequestObjectTagKeys"
}
