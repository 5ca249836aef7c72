package utf8text_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/claimgate/claimgate/internal/utf8text"
	"pgregory.net/rapid"
)

func utf16Of(order binary.AppendByteOrder, text string) []byte {
	var b []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		b = order.AppendUint16(b, unit)
	}
	return b
}

// A UTF-8 text is read with and without a byte order mark. A text in another encoding is refused.
func TestOnlyUTF8IsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := `version = 1` + rapid.StringMatching(`[a-zäß☃ \r\n"=]{0,20}`).Draw(t, "text")
		for _, data := range []string{text, "\ufeff" + text} {
			got, err := utf8text.Decode([]byte(data))
			if err != nil || string(got) != text {
				t.Fatalf("%q: read as %q, %v", data, got, err)
			}
		}
		for name, data := range map[string][]byte{
			"UTF-16": utf16Of(binary.LittleEndian, "\ufeff"+text), "UTF-16, big-endian": utf16Of(binary.BigEndian, "\ufeff"+text),
			"UTF-16 without a mark": utf16Of(binary.LittleEndian, text), "UTF-16 without a mark, big-endian": utf16Of(binary.BigEndian, text),
			"UTF-32": append([]byte{0xff, 0xfe, 0, 0}, text...),
		} {
			if _, err := utf8text.Decode(data); err == nil || !strings.Contains(err.Error(), strings.Fields(name)[0][:6]) {
				t.Fatalf("%s is read, or the error does not name it: %v", name, err)
			}
		}
	})
	for _, broken := range []string{"\xe4", "a\xff", "\ufeff\ufeffa"} {
		if _, err := utf8text.Decode([]byte(broken)); err == nil {
			t.Errorf("%q is read", broken)
		}
	}
}
