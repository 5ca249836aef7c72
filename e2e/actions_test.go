package e2e

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/minio/madmin-go/v3"
	"github.com/minio/minio-go/v7"

	"github.com/claimgate/claimgate/e2e/internal/stack"
)

const (
	bucket  = "reports"
	object  = "2026/summary.txt"
	content = "all is well"
)

// action sends one request. It returns errDenied if the server denied it, and
// another error if anything else went wrong: a test must not take a broken network
// for a denial.
type action func(ctx context.Context) error

var errDenied = errors.New("denied")

// actions are three requests that distinguish readonly, writeonly and readwrite.
type actions struct {
	list, get, put action
}

// grant lists which actions must be allowed. The zero value denies everything.
type grant struct {
	list, get, put bool
}

// check runs the three actions and compares the outcomes. They run concurrently,
// because MinIO waits ten seconds for each answer of a gateway whose address is gone.
func (want grant) check(t *testing.T, a actions) {
	t.Helper()
	steps := want.steps(a)
	complaints := make([]string, len(steps))
	var running sync.WaitGroup
	for i, step := range steps {
		running.Go(func() { complaints[i] = judge(t.Context(), step.name, step.do, step.want) })
	}
	running.Wait()
	for _, complaint := range complaints {
		if complaint != "" {
			t.Error(complaint)
		}
	}
}

// step is a named action and whether it must be allowed.
type step struct {
	name string
	do   action
	want bool
}

func (want grant) steps(a actions) []step {
	return []step{{"list", a.list, want.list}, {"get", a.get, want.get}, {"put", a.put, want.put}}
}

// judge runs an action and describes a wrong outcome. It returns "" if the outcome is
// right.
func judge(ctx context.Context, name string, do action, allowed bool) string {
	switch err := do(ctx); {
	case err != nil && !errors.Is(err, errDenied):
		return fmt.Sprintf("%s failed, neither allowed nor denied: %v", name, err)
	case allowed && err != nil:
		return name + " was denied, want it allowed"
	case !allowed && err == nil:
		return name + " was allowed, want it denied"
	default:
		return ""
	}
}

// expect runs one action and compares the outcome.
func expect(t *testing.T, name string, do action, allowed bool) {
	t.Helper()
	if complaint := judge(t.Context(), name, do, allowed); complaint != "" {
		t.Error(complaint)
	}
}

// viaS3 uses minio-go, as a program would.
func viaS3(c *minio.Client) actions { return viaS3In(c, bucket) }

func viaS3In(c *minio.Client, bucket string) actions {
	return actions{
		list: func(ctx context.Context) error {
			return s3Denied(listed(c.ListObjects(ctx, bucket, minio.ListObjectsOptions{Recursive: true})))
		},
		get: func(ctx context.Context) error {
			o, err := c.GetObject(ctx, bucket, object, minio.GetObjectOptions{})
			if err != nil {
				return s3Denied(err)
			}
			defer o.Close()
			got, err := io.ReadAll(o)
			if err == nil && string(got) != content {
				return fmt.Errorf("read %q, want %q", got, content)
			}
			return s3Denied(err)
		},
		put: func(ctx context.Context) error {
			_, err := c.PutObject(ctx, bucket, "inbox/by-s3", strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{})
			return s3Denied(err)
		},
	}
}

func listed(objects <-chan minio.ObjectInfo) error {
	count := 0
	for o := range objects {
		if o.Err != nil {
			return o.Err
		}
		count++
	}
	if count == 0 {
		return errors.New("the list is empty")
	}
	return nil
}

func s3Denied(err error) error {
	if minio.ToErrorResponse(err).Code == minio.AccessDenied {
		return errDenied
	}
	return err
}

// viaMC uses MinIO's command line client.
func viaMC(m stack.MC) actions {
	return actions{
		list: func(context.Context) error {
			out, err := m.Run("", "ls", "--recursive", "e2e/"+bucket)
			if err == nil && !strings.Contains(out, object) {
				return fmt.Errorf("the list lacks %s: %s", object, out)
			}
			return mcDenied(err)
		},
		get: func(context.Context) error {
			out, err := m.Run("", "cat", "e2e/"+bucket+"/"+object)
			if err == nil && out != content {
				return fmt.Errorf("read %q, want %q", out, content)
			}
			return mcDenied(err)
		},
		put: func(context.Context) error {
			_, err := m.Run(content, "pipe", "e2e/"+bucket+"/inbox/by-mc")
			return mcDenied(err)
		},
	}
}

func mcDenied(err error) error {
	if err != nil && (strings.Contains(err.Error(), "Access Denied") || strings.Contains(err.Error(), "Insufficient permissions")) {
		return errDenied
	}
	return err
}

func adminDenied(err error) error {
	if madmin.ToErrorResponse(err).Code == minio.AccessDenied {
		return errDenied
	}
	return err
}
