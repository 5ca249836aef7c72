package strictjson

import "strconv"

// number scans a number. end is the position after the number. If wrong is not empty, it describes an
// error at the position end.
func number(data []byte, pos int) (end int, wrong string) {
	from, exponent := pos, false
	var ok bool
	if data[pos] == '-' {
		pos++
	}
	if at(data, pos) == '0' {
		pos++ // a number ends after a leading zero
	} else if pos, ok = digits(data, pos); !ok {
		return pos, noDigit
	}
	if at(data, pos) == '.' {
		if pos, ok = digits(data, pos+1); !ok {
			return pos, noDigit
		}
	}
	if c := at(data, pos); c == 'e' || c == 'E' {
		exponent = true
		pos++
		if c := at(data, pos); c == '+' || c == '-' {
			pos++
		}
		if pos, ok = digits(data, pos); !ok {
			return pos, noDigit
		}
	}
	if (exponent || pos-from > surelyFinite) && !finite(data[from:pos]) {
		return from, "a number is beyond the range of a 64-bit float"
	}
	return pos, ""
}

const noDigit = "a digit is expected"

// surelyFinite is the length in bytes up to which a number without exponent is within the range of a 64-bit
// float, which ends at 1.8e308.
const surelyFinite = 308

// finite reports whether a 64-bit float can hold the size of a number. RFC 7493, section 2.2, expects no
// greater size of a reader: one program reads such a number as infinity, another refuses the text.
func finite(number []byte) bool {
	_, err := strconv.ParseFloat(string(number), 64)
	return err == nil
}

// digits returns the position after at least one digit.
func digits(data []byte, pos int) (end int, ok bool) {
	from := pos
	for c := at(data, pos); c >= '0' && c <= '9'; c = at(data, pos) {
		pos++
	}
	return pos, pos > from
}
