package mapping

import (
	"net/netip"
	"strings"
)

// legalBucket reports whether name can be the name of a bucket. The rules are those of S3 for new buckets,
// as MinIO applies them. MinIO also reserves the name "minio".
func legalBucket(name string) bool {
	if len(name) < 3 || len(name) > 63 || name == "minio" {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z' || '0' <= c && c <= '9':
		case (c == '-' || c == '.') && i > 0 && i < len(name)-1:
		default:
			return false
		}
	}
	for _, pair := range []string{"..", ".-", "-."} {
		if strings.Contains(name, pair) {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}
