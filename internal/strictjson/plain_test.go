package strictjson

import (
	"testing"

	"pgregory.net/rapid"
)

// Compares Plain, which looks at eight bytes at a time, with a simple loop.
func TestPlainAgreesWithASimpleLoop(t *testing.T) {
	alphabet := []byte{0, 1, 0x1f, ' ', '!', '"', '#', '[', '\\', ']', 'a', 0x7f, 0x80, 0xa2, 0xdc, 0xff}
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOf(rapid.OneOf(rapid.SampledFrom(alphabet), rapid.Just(byte('a')), rapid.Byte())).Draw(t, "text")
		want := 0
		for want < len(b) && b[want] >= ' ' && b[want] < 0x80 && b[want] != '"' && b[want] != '\\' {
			want++
		}
		if got := Plain(b); got != want {
			t.Fatalf("Plain(%q) = %d, want %d", b, got, want)
		}
	})
}
