package spelling

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	names := []string{"listen", "path", "tls_cert", "tls_key"}
	for word, want := range map[string]string{
		"Listen": "listen", "listn": "listen", "lsiten": "listen", "tls-cert": "tls_cert", "pth": "path",
		"zzzzzz": "", "": "", "p": "", strings.Repeat("x", 1000): "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("%q is near %q, want %q", word, got, want)
		}
	}
}
