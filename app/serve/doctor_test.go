//go:build unix

package serve

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/config"
	"golang.org/x/sys/unix"
)

// doctorSays fails the test unless the doctor's output has each text of want. The configuration is that of
// validEnv, with other variables.
func doctorSays(t *testing.T, other map[string]string, want ...string) {
	t.Helper()
	_, _, env := validEnv(t)
	for name, value := range other {
		env = append(env, "CLAIMGATE_"+name+"="+value)
	}
	c, found := config.Load("", env)
	if c == nil {
		t.Fatal(found)
	}
	var out strings.Builder
	Diagnose(t.Context(), c, &out)
	for _, w := range want {
		if !strings.Contains(out.String(), w) {
			t.Errorf("the output has no %q:\n%s", w, out.String())
		}
	}
}

func TestDoctorPrintsMinIOsSettings(t *testing.T) {
	doctorSays(t, map[string]string{"SERVER_LISTEN": "0.0.0.0:0", "SERVER_PATH": "/ask"},
		"note  MinIO          MINIO_POLICY_PLUGIN_URL=http://<this host>:0/ask")
	dir := t.TempDir()
	certificate(t, filepath.Join(dir, "c"), filepath.Join(dir, "k"))
	doctorSays(t, map[string]string{
		"SERVER_LISTEN": "0.0.0.0:0", "SERVER_TLS_CERT": filepath.Join(dir, "c"), "SERVER_TLS_KEY": filepath.Join(dir, "k"), "SERVER_CALLER_TOKENS": "Bearer a secret of ours",
	}, "ok    certificate    for 127.0.0.1, valid until", "MINIO_POLICY_PLUGIN_URL=https://127.0.0.1:0/", "must be in MinIO's certs/CAs", `MinIO adds no "Bearer"`)
}

func TestDoctorChecksTheCertificateAsMinIODoes(t *testing.T) {
	a := newAuthority(t)
	key, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		t.Fatal(err)
	}
	for want, template := range map[string]x509.Certificate{
		"expired on":                    {DNSNames: []string{"gate.example.com"}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(-time.Hour)},
		"is the clock right?":           {DNSNames: []string{"gate.example.com"}, NotBefore: time.Now().Add(time.Hour), NotAfter: time.Now().Add(2 * time.Hour)},
		"no subject alternative name":   {NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)},
		"for gate.example.com, valid u": {DNSNames: []string{"gate.example.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)},
	} {
		template.SerialNumber = big.NewInt(1)
		der, err := x509.CreateCertificate(rand.Reader, &template, &template, &a.key.PublicKey, a.key)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		for name, block := range map[string]*pem.Block{"c": {Type: "CERTIFICATE", Bytes: der}, "k": {Type: "PRIVATE KEY", Bytes: key}} {
			if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		doctorSays(t, map[string]string{"SERVER_TLS_CERT": filepath.Join(dir, "c"), "SERVER_TLS_KEY": filepath.Join(dir, "k")}, want)
	}
}

func TestDoctorChecksDirectoriesAndOpenFiles(t *testing.T) {
	dir := t.TempDir()
	doctorSays(t, map[string]string{"ISSUER_0_SNAPSHOT_FILE": filepath.Join(dir, "keys.json")}, "ok    snapshot", "ok    open files")
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("doctor leaves %v behind, %v", left, err)
	}
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Setrlimit(unix.RLIMIT_NOFILE, &before) })
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 1000, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	doctorSays(t, map[string]string{"ISSUER_0_SNAPSHOT_FILE": filepath.Join(dir, "not", "there", "keys.json")},
		"fail  snapshot", "fail  open files     server.max_connections needs 4196 open files, this process may have 1000")
}
