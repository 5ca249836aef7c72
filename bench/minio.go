package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	rootUser     = "benchroot"
	rootPassword = "benchroot-secret"
	region       = "us-east-1"
	bucket       = "reports"
	buckets      = 200
	keys         = 1000
)

// minioServer is a running MinIO. Each webhook has its own.
type minioServer struct {
	*process
	s3 *minio.Client // uses a session of alice's
}

var pinned = regexp.MustCompile(`minioVersion = "([^"]+)"`)

// minioBinary returns the MinIO binary of the end-to-end tests, from their cache.
func (w *world) minioBinary(ctx context.Context) (string, error) {
	text, err := os.ReadFile(filepath.Join(w.project, "e2e", "internal", "images", "versions.go"))
	if err != nil {
		return "", err
	}
	m := pinned.FindSubmatch(text)
	if m == nil {
		return "", errors.New("e2e/internal/images/versions.go names no minioVersion")
	}
	return installed(ctx, "claimgate-e2e", "github.com/minio/minio", string(m[1]))
}

// operation is a load for each MinIO. run repeats it for length and returns the
// operations a second.
type operation struct {
	name string
	run  func(ctx context.Context, m *minioServer, length time.Duration) (float64, error)
}

// realMinIO runs the same operations on MinIOs whose webhook is a bare Fiber,
// claimgate or OPA, and on one without a webhook, whose policy is readwrite.
func realMinIO(ctx context.Context, w *world, r *results) error {
	binary, err := w.minioBinary(ctx)
	if err != nil {
		return err
	}
	iss, body, err := startIssuerWith(ctx, 4096, questionOf)
	if err != nil {
		return err
	}
	defer func() { _ = iss.Close() }()
	hooks, err := w.startCompared(ctx, iss, body)
	if err != nil {
		return err
	}
	defer stop(hooks...)
	var all []*minioServer
	defer func() {
		for _, m := range all {
			stop(m.process)
		}
	}()
	for _, hook := range append([]*process{{name: "no webhook"}}, hooks...) {
		if hook.name == fileName || hook.name == opaName {
			continue
		}
		m, err := w.startMinIO(ctx, binary, hook, iss)
		if err != nil {
			return fmt.Errorf("%s: %w", hook.name, err)
		}
		all = append(all, m)
	}
	for _, op := range []operation{
		{"GET of 1 KiB", getting},
		{"PUT of 1 KiB", putting},
		{fmt.Sprintf("multi-delete of %d keys", keys), deleting},
		{fmt.Sprintf("ListBuckets over %d buckets", buckets), listing},
	} {
		rate, err := w.operate(ctx, op, all)
		if err != nil {
			return fmt.Errorf("%s: %w", op.name, err)
		}
		if op.name == "GET of 1 KiB" {
			r.record("get", rate[offName]/rate[bareName])
		}
		p := &plot{name: "minio-" + op.name[:3], title: "Real MinIO by its webhook: " + op.name, unit: "operations/s"}
		for _, m := range all {
			p.bars = append(p.bars, bar{name: m.name, value: rate[m.name]})
		}
		r.draw(p)
	}
	return nil
}

// operate runs an operation on every MinIO in turn, round by round, and returns the
// median operations a second by the server's name.
func (w *world) operate(ctx context.Context, op operation, all []*minioServer) (map[string]float64, error) {
	rates := byName{}
	length := 1500 * time.Millisecond
	if w.quick {
		length = 300 * time.Millisecond
	}
	for n := range 1 + w.rounds(5) {
		for _, m := range all {
			rate, err := op.run(ctx, m, length)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", m.name, err)
			}
			if n > 0 { // the first round warms up
				rates[m.name] = append(rates[m.name], rate)
			}
		}
	}
	return rates.medians(), nil
}

func (w *world) startMinIO(ctx context.Context, binary string, hook *process, iss *issuer.Server) (_ *minioServer, err error) {
	dir, err := os.MkdirTemp(w.dir, "minio-")
	if err != nil {
		return nil, err
	}
	listen, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	rolePolicy := "readwrite"
	cmd := exec.CommandContext(ctx, binary, "server", "--quiet", "--address="+listen, dir)
	cmd.Env = append(os.Environ(), "HOME="+dir, "MINIO_ROOT_USER="+rootUser, "MINIO_ROOT_PASSWORD="+rootPassword, "MINIO_REGION="+region, "MINIO_BROWSER=off",
		"MINIO_IDENTITY_OPENID_CONFIG_URL="+iss.URL()+".well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID="+iss.ClientID(), "MINIO_IDENTITY_OPENID_CLIENT_SECRET=bench")
	if hook.url != "" {
		rolePolicy = "decided-by-the-webhook"
		cmd.Env = append(cmd.Env, "MINIO_POLICY_PLUGIN_URL="+hook.url)
	}
	cmd.Env = append(cmd.Env, "MINIO_IDENTITY_OPENID_ROLE_POLICY="+rolePolicy)
	p, err := start(hook.name, "http://"+listen, cmd)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			stop(p)
		}
	}()
	for range 300 {
		if _, err = get(ctx, p.url+"/minio/health/cluster"); err == nil {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if err != nil {
		return nil, err
	}
	m := &minioServer{process: p}
	return m, m.prepare(ctx, listen, iss)
}

// prepare logs alice in and creates the buckets and an object.
func (m *minioServer) prepare(ctx context.Context, listen string, iss *issuer.Server) error {
	user, _ := iss.User("alice")
	idToken := iss.IDToken(user)
	sts, err := credentials.NewSTSWebIdentity(m.url,
		func() (*credentials.WebIdentityToken, error) {
			return &credentials.WebIdentityToken{Token: idToken}, nil
		},
		func(web *credentials.STSWebIdentity) {
			sum := sha1.Sum([]byte(iss.ClientID())) // MinIO names a provider's role so
			web.RoleARN = "arn:minio:iam:" + region + "::role/" + base64.RawURLEncoding.EncodeToString(sum[:])
		})
	if err != nil {
		return err
	}
	if m.s3, err = minio.New(listen, &minio.Options{Creds: sts, Region: region, MaxRetries: 1}); err != nil {
		return err
	}
	for n := range buckets {
		name := bucket
		if n > 0 {
			name = fmt.Sprintf("%s-%03d", bucket, n)
		}
		if err := m.s3.MakeBucket(ctx, name, minio.MakeBucketOptions{Region: region}); err != nil {
			return err
		}
	}
	return m.put(ctx, "one")
}

func (m *minioServer) put(ctx context.Context, key string) error {
	_, err := m.s3.PutObject(ctx, bucket, key, bytes.NewReader(make([]byte, 1024)), 1024, minio.PutObjectOptions{})
	return err
}

// onEightGoroutines calls do on eight goroutines until length is over, and returns the calls a
// second. lane is the goroutine, n counts its calls.
func onEightGoroutines(ctx context.Context, length time.Duration, do func(lane, n int) error) (float64, error) {
	const lanes = 8
	var running sync.WaitGroup
	var mu sync.Mutex
	var firstErr error
	done := 0
	begun := time.Now()
	for lane := range lanes {
		running.Go(func() {
			n := 0
			var err error
			for ; err == nil && time.Since(begun) < length && ctx.Err() == nil; n++ {
				err = do(lane, n)
			}
			mu.Lock()
			defer mu.Unlock()
			done += n
			if err != nil {
				firstErr = err
			}
		})
	}
	running.Wait()
	return float64(done) / time.Since(begun).Seconds(), errors.Join(firstErr, ctx.Err())
}

func getting(ctx context.Context, m *minioServer, length time.Duration) (float64, error) {
	return onEightGoroutines(ctx, length, func(int, int) error {
		object, err := m.s3.GetObject(ctx, bucket, "one", minio.GetObjectOptions{})
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, object)
		return errors.Join(err, object.Close())
	})
}

func putting(ctx context.Context, m *minioServer, length time.Duration) (float64, error) {
	return onEightGoroutines(ctx, length, func(lane, n int) error { return m.put(ctx, fmt.Sprintf("put/%d/%d", lane, n%50)) })
}

// deleting deletes keys that do not exist. MinIO still asks about each key, and
// reports it as deleted.
func deleting(ctx context.Context, m *minioServer, _ time.Duration) (float64, error) {
	names := make(chan minio.ObjectInfo, keys)
	for n := range keys {
		names <- minio.ObjectInfo{Key: fmt.Sprintf("none/%d", n)}
	}
	close(names)
	begun := time.Now()
	for failed := range m.s3.RemoveObjects(ctx, bucket, names, minio.RemoveObjectsOptions{}) {
		return 0, failed.Err
	}
	return 1 / time.Since(begun).Seconds(), nil
}

func listing(ctx context.Context, m *minioServer, length time.Duration) (float64, error) {
	return onEightGoroutines(ctx, length, func(int, int) error {
		found, err := m.s3.ListBuckets(ctx)
		if err == nil && len(found) != buckets {
			err = fmt.Errorf("%d buckets are listed", len(found))
		}
		return err
	})
}
