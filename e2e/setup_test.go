package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// seeded starts a stack and makes the bucket and the object.
func seeded(t *testing.T, o stack.Options) *stack.Stack {
	t.Helper()
	s := stack.New(t, o)
	if err := seed(t.Context(), s.S3(s.Root()), bucket); err != nil {
		t.Fatalf("root makes a bucket and an object: %v", err)
	}
	return s
}

// Further buckets of the shared stack.
var (
	// teamBuckets have the names of groups of the issuer, except green.
	teamBuckets = []string{"red", "blue", "green"}
	// otherBuckets bring the number of buckets above 20.
	otherBuckets = func() (names []string) {
		for i := range 16 {
			names = append(names, fmt.Sprintf("ward-%02d", i))
		}
		return names
	}()
)

// archive is a bucket with object locking, and so with versions.
const archive = "archive"

var seedShared struct {
	sync.Once
	err error
}

// shared returns the shared stack, with its buckets. A test that stops, configures or
// breaks a server must not use it.
func shared(t *testing.T) *stack.Stack {
	t.Helper()
	s := stack.Shared(t)
	seedShared.Do(func() {
		// Not the test's context: the buckets outlive the test.
		ctx, root := context.Background(), s.S3(s.Root())
		for _, name := range append([]string{bucket, "homes", "office"}, append(teamBuckets, otherBuckets...)...) {
			if err := seed(ctx, root, name); err != nil {
				seedShared.err = err
				return
			}
		}
		seedShared.err = root.MakeBucket(ctx, archive, minio.MakeBucketOptions{ObjectLocking: true})
	})
	if seedShared.err != nil {
		t.Fatalf("root makes the buckets: %v", seedShared.err)
	}
	return s
}

func seed(ctx context.Context, root *minio.Client, bucket string) error {
	if err := root.MakeBucket(ctx, bucket, minio.MakeBucketOptions{}); err != nil {
		return err
	}
	return write(ctx, root, bucket, object)
}

func write(ctx context.Context, c *minio.Client, bucket, object string) error {
	_, err := c.PutObject(ctx, bucket, object, strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
	return err
}

// identities are users of the issuer and what the default mapping grants them in the
// bucket of all stacks.
var identities = []struct {
	user string
	want grant
}{
	{"alice", grant{list: true, get: true, put: true}}, // readwrite
	{"rhea", grant{get: true}},                         // readonly has no ListBucket
	{"walt", grant{put: true}},                         // writeonly
	{"ada", grant{list: true, get: true, put: true}},   // consoleAdmin, by her group
	{"nobody", grant{}},
}

// addUser makes a static MinIO user without a policy.
func addUser(t *testing.T, s *stack.Stack, name string) credentials.Value {
	t.Helper()
	const secret = "static-user-secret"
	if err := s.Admin(s.Root()).AddUser(t.Context(), name, secret); err != nil {
		t.Fatalf("add user %s: %v", name, err)
	}
	return credentials.Value{AccessKeyID: name, SecretAccessKey: secret}
}
