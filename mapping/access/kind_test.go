package access

import (
	"strings"
	"testing"
)

// MinIO asks about an object with a bucket and an object, about a bucket with the bucket alone, about the cluster with
// neither, and about a KMS key with a name or none.
func TestWhichResourcesAKindHas(t *testing.T) {
	names := map[string]Kind{"object": ObjectKind, "bucket": BucketKind, "cluster": ClusterKind, "key": KeyKind, "any": AnyKind}
	for resource, kinds := range map[string]string{
		"b/x": "object any", "b//": "object any", "b/": "bucket key any", "/": "cluster key any", "/x": "any", "//": "any", "b": "", "": "",
	} {
		var g Pattern
		for i := range len(resource) {
			g = append(g, symbol(resource[i]))
		}
		for name, kind := range names {
			want := strings.Contains(kinds, name)
			if exists(kind, []Pattern{g}, nil) != want {
				t.Errorf("a request about %s names %q: %v, want %v", name, resource, !want, want)
			}
		}
	}
}
