package rate

import "testing"

func TestParse(t *testing.T) {
	for text, want := range map[string][2]uint64{"all": {1, 1}, "none": {0, 1}, "1/100": {1, 100}, "3/7": {3, 7}, "5/5": {5, 5}, "2147483647/2147483647": {1<<31 - 1, 1<<31 - 1}} {
		if n, of, ok := Parse(text); !ok || n != want[0] || of != want[1] {
			t.Errorf("%q: %d of %d, %v", text, n, of, ok)
		}
	}
	for _, text := range []string{"", "ALL", "some", "1", "/", "1/", "/2", "0/5", "7/5", "1/0", "0/0", "-1/5", "1/-5", "+1/5", "1.5/2", " 1/2", "1/2 ", "1/2/3", "1/2147483648", "99999999999999999999/1"} {
		if n, of, ok := Parse(text); ok || n != 0 || of != 0 {
			t.Errorf("%q: %d of %d, %v", text, n, of, ok)
		}
	}
}
