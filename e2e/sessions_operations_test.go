package e2e

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

// A call that deletes many objects deletes the objects that the caller may delete, and
// reports each of the others as denied.
func TestMultiDelete(t *testing.T) {
	t.Parallel()
	s := shared(t)
	root, cora := s.S3(s.Root()), s.S3(s.MustSession("cora", stack.AllScopes))

	may, mayNot := []string{"scratch/a", "scratch/b"}, []string{"kept/a", "kept/b"}
	doomed := make(chan minio.ObjectInfo, len(may)+len(mayNot))
	for _, name := range append(may, mayNot...) {
		if err := write(t.Context(), root, archive, name); err != nil {
			t.Fatal(err)
		}
		doomed <- minio.ObjectInfo{Key: name}
	}
	close(doomed)

	var denied []string
	for failed := range cora.RemoveObjects(t.Context(), archive, doomed, minio.RemoveObjectsOptions{}) {
		if err := s3Denied(failed.Err); !errors.Is(err, errDenied) {
			t.Errorf("delete %s: %v, want it denied", failed.ObjectName, err)
		}
		denied = append(denied, failed.ObjectName)
	}
	slices.Sort(denied)
	if !slices.Equal(denied, mayNot) {
		t.Errorf("denied are %q, want %q", denied, mayNot)
	}
	for _, name := range append(may, mayNot...) {
		_, err := root.StatObject(t.Context(), archive, name, minio.StatObjectOptions{})
		if gone, want := minio.ToErrorResponse(err).Code == minio.NoSuchKey, slices.Contains(may, name); gone != want {
			t.Errorf("%s: gone is %t, want %t (%v)", name, gone, want, err)
		}
	}
}

// Each step of a multipart upload needs s3:PutObject. Aborting an upload needs a right
// of its own, which writeonly does not grant.
func TestMultipartUpload(t *testing.T) {
	t.Parallel()
	s := shared(t)
	core := func(user string) minio.Core { return minio.Core{Client: s.S3(s.MustSession(user, stack.AllScopes))} }
	walt, petra := core("walt"), core("petra")

	begin := func(c minio.Core, bucket string) string {
		id, err := c.NewMultipartUpload(t.Context(), bucket, "big", minio.PutObjectOptions{})
		if err != nil {
			t.Fatalf("begin an upload to %s: %v", bucket, err)
		}
		return id
	}
	part := func(ctx context.Context, c minio.Core, bucket, id string, number int, data []byte) (minio.CompletePart, error) {
		p, err := c.PutObjectPart(ctx, bucket, "big", id, number, bytes.NewReader(data), int64(len(data)), minio.PutObjectPartOptions{})
		return minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag}, s3Denied(err)
	}

	t.Run("a user who may put may upload in parts", func(t *testing.T) {
		id := begin(walt, bucket)
		var parts []minio.CompletePart
		for number, size := range []int{5 << 20, 1} {
			p, err := part(t.Context(), walt, bucket, id, number+1, make([]byte, size))
			if err != nil {
				t.Fatalf("part %d: %v", number+1, err)
			}
			parts = append(parts, p)
		}
		if _, err := walt.CompleteMultipartUpload(t.Context(), bucket, "big", id, parts, minio.PutObjectOptions{}); err != nil {
			t.Fatal(err)
		}
		found, err := s.S3(s.Root()).StatObject(t.Context(), bucket, "big", minio.StatObjectOptions{})
		if err != nil || found.Size != 5<<20+1 {
			t.Errorf("the object has %d bytes, want %d: %v", found.Size, 5<<20+1, err)
		}
	})
	t.Run("a user who may not put is denied each step", func(t *testing.T) {
		rhea, id := core("rhea"), begin(walt, bucket)
		for name, step := range map[string]action{
			"begin": func(ctx context.Context) error {
				_, err := rhea.NewMultipartUpload(ctx, bucket, "big", minio.PutObjectOptions{})
				return s3Denied(err)
			},
			"part": func(ctx context.Context) error {
				_, err := part(ctx, rhea, bucket, id, 1, []byte(content))
				return err
			},
			"complete": func(ctx context.Context) error {
				_, err := rhea.CompleteMultipartUpload(ctx, bucket, "big", id, []minio.CompletePart{{PartNumber: 1, ETag: "x"}}, minio.PutObjectOptions{})
				return s3Denied(err)
			},
			"abort": func(ctx context.Context) error { return s3Denied(rhea.AbortMultipartUpload(ctx, bucket, "big", id)) },
		} {
			expect(t, name, step, false)
		}
	})
	t.Run("breaking it off is a right of its own", func(t *testing.T) {
		for _, who := range []struct {
			user    string
			core    minio.Core
			bucket  string
			allowed bool
		}{
			{"walt", walt, bucket, false},
			{"petra", petra, "red", true},
		} {
			id := begin(who.core, who.bucket)
			abort := func(ctx context.Context) error {
				return s3Denied(who.core.AbortMultipartUpload(ctx, who.bucket, "big", id))
			}
			expect(t, who.user+"'s abort", abort, who.allowed)
		}
	})
}

// MinIO asks twice before it deletes one version of an object, first with denyOnly. The
// right to delete the object decides.
func TestVersionedDelete(t *testing.T) {
	t.Parallel()
	s := shared(t)
	root, cora := s.S3(s.Root()), s.S3(s.MustSession("cora", stack.AllScopes))

	for name, allowed := range map[string]bool{"scratch/versioned": true, "kept/versioned": false} {
		var versions []string
		for range 2 {
			put, err := root.PutObject(t.Context(), archive, name, bytes.NewReader(nil), 0, minio.PutObjectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			versions = append(versions, put.VersionID)
		}
		old := minio.StatObjectOptions{VersionID: versions[0]}
		if _, err := cora.StatObject(t.Context(), archive, name, old); err != nil {
			t.Errorf("%s: the old version cannot be read: %v", name, err)
		}
		remove := func(ctx context.Context) error {
			return s3Denied(cora.RemoveObject(ctx, archive, name, minio.RemoveObjectOptions{VersionID: versions[0]}))
		}
		expect(t, "delete of a version of "+name, remove, allowed)
		_, err := root.StatObject(t.Context(), archive, name, old)
		if gone := err != nil; gone != allowed {
			t.Errorf("%s: the old version is gone: %t, want %t (%v)", name, gone, allowed, err)
		}
		if _, err := root.StatObject(t.Context(), archive, name, minio.StatObjectOptions{VersionID: versions[1]}); err != nil {
			t.Errorf("%s: the new version: %v", name, err)
		}
	}
}

// The right to set a retention does not include deleting a retained object: this needs
// s3:BypassGovernanceRetention. In MinIO, shortening a retention does not need it.
func TestObjectLock(t *testing.T) {
	t.Parallel()
	s := shared(t)
	cora, ada := s.S3(s.MustSession("cora", stack.AllScopes)), s.S3(s.MustSession("ada", stack.AllScopes))
	rhea := s.S3(s.MustSession("rhea", stack.AllScopes))
	const name = "scratch/locked"
	hours := func(n int) time.Time { return time.Now().Add(time.Duration(n) * time.Hour) }

	put, err := cora.PutObject(t.Context(), archive, name, bytes.NewReader(nil), 0, minio.PutObjectOptions{
		Mode: minio.Governance, RetainUntilDate: hours(2),
	})
	if err != nil {
		t.Fatalf("put with a retention: %v", err)
	}
	remove := func(c *minio.Client, bypass bool) action {
		return func(ctx context.Context) error {
			return lockedOrDenied(c.RemoveObject(ctx, archive, name, minio.RemoveObjectOptions{
				VersionID: put.VersionID, GovernanceBypass: bypass,
			}))
		}
	}
	retain := func(c *minio.Client, until time.Time, bypass bool) action {
		return func(ctx context.Context) error {
			mode := minio.Governance
			return lockedOrDenied(c.PutObjectRetention(ctx, archive, name, minio.PutObjectRetentionOptions{
				VersionID: put.VersionID, Mode: &mode, RetainUntilDate: &until, GovernanceBypass: bypass,
			}))
		}
	}
	for _, step := range []struct {
		name string
		do   action
		want bool
	}{
		{"rhea prolongs the retention", retain(rhea, hours(3), false), false},
		{"rhea shortens it, with the header", retain(rhea, hours(1), true), false},
		{"cora prolongs it", retain(cora, hours(4), false), true},
		{"cora shortens it", retain(cora, hours(1), false), false},
		// MinIO asks about both rights here and accepts either.
		{"cora shortens it, with the header", retain(cora, hours(1), true), true},
		{"cora deletes the version", remove(cora, false), false},
		{"cora deletes the version, with the header", remove(cora, true), false},
		{"ada deletes the version", remove(ada, false), false},
		{"ada deletes the version, with the header", remove(ada, true), true},
	} {
		expect(t, step.name, step.do, step.want)
	}
}

// lockedOrDenied also returns errDenied if MinIO itself refuses a locked object.
func lockedOrDenied(err error) error {
	if strings.Contains(minio.ToErrorResponse(err).Message, "WORM protected") {
		return errDenied
	}
	return s3Denied(err)
}
