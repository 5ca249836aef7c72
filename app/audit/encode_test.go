package audit

import (
	"encoding/json"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// encoding/json reads an object as if encoding/json had written it, for any text.
func TestMembersReadAsEncodingJSONWouldWriteThem(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		anyText := rapid.OneOf(rapid.String(), rapid.StringOfN(rapid.RuneFrom([]rune("ab\"\\\x00\x1f\x7f<>&\u2028é\ufffd😀")), 0, 20, -1),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
		name, text, list := anyText.Draw(t, "name"), anyText.Draw(t, "text"), rapid.SliceOfN(anyText, 0, 3).Draw(t, "list")
		flag, number := rapid.Bool().Draw(t, "flag"), rapid.Int64Range(-1<<53, 1<<53).Draw(t, "number")
		o := begin([]byte("before"))
		o.text("t", text).list("l", list).flag("f", flag).number("n", number)
		o.key("k" + name)
		o.texts(list)
		inner := begin(nil)
		o.key("o" + name)
		o.b = append(o.b, inner.end()...)
		written := o.end()

		theirs, err := json.Marshal(map[string]any{
			"t": text, "l": list, "f": flag, "n": number, "k" + name: list, "o" + name: map[string]any{},
		})
		if err != nil {
			t.Fatal(err)
		}
		var want, got map[string]any
		if err := json.Unmarshal(theirs, &want); err != nil {
			t.Fatal(err)
		}
		if string(written[:6]) != "before" {
			t.Fatalf("what stood before became %q", written[:6])
		}
		if err := json.Unmarshal(written[6:], &got); err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-encoding/json +here):\n%s", diff)
		}
		for _, c := range written {
			if c < ' ' {
				t.Fatalf("a control character in %q would end or spoil the line", written)
			}
		}
	})
}

func TestAnAddressHasItsUsualText(t *testing.T) {
	for _, ip := range []net.IP{nil, {}, {1, 2}, net.IPv4(127, 0, 0, 1), net.IPv4(10, 1, 2, 3).To4(), net.ParseIP("2001:db8::1"), net.ParseIP("::"), net.IPv6loopback} {
		if got := string(appendAddress(nil, ip)); got != ip.String() {
			t.Errorf("%#v: %s, want %s", ip, got, ip)
		}
	}
}
