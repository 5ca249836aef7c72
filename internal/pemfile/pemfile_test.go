package pemfile_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/claimgate/claimgate/internal/pemfile"
)

// A byte order mark hides no certificate, and another encoding is named.
func TestEncodings(t *testing.T) {
	cert, key := pair(t, 1)
	second, _ := pair(t, 2)
	bundle := cert + second
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	wide := func(text string) string { return "\xff\xfe" + strings.Join(strings.Split(text, ""), "\x00") + "\x00" }
	for name, c := range map[string]struct{ cert, key, err string }{
		"plain":         {bundle, key, ""},
		"a mark":        {"\ufeff" + bundle, "\ufeff" + key, ""},
		"CRLF":          {"\ufeff" + strings.ReplaceAll(bundle, "\n", "\r\n"), strings.ReplaceAll(key, "\n", "\r\n"), ""},
		"a comment":     {"\ufeffM\xfcller\n" + bundle, key, ""},
		"UTF-16":        {wide(bundle), key, "is UTF-16, not UTF-8: save the file as UTF-8"},
		"a wide key":    {bundle, wide(key), "is UTF-16, not UTF-8: save the file as UTF-8"},
		"nothing there": {"", key, "PEM"},
	} {
		for path, text := range map[string]string{file: c.cert, keyFile: c.key} {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		loaded, err := pemfile.KeyPair(file, keyFile)
		if c.err == "" && (err != nil || len(loaded.Certificate) != 2) || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("%s: %d certificates, %v", name, len(loaded.Certificate), err)
		}
		pool, want := x509.NewCertPool(), x509.NewCertPool()
		want.AppendCertsFromPEM([]byte(bundle))
		err = pemfile.Append(pool, file)
		if c.cert == wide(bundle) || c.cert == "" {
			if err == nil || !strings.HasPrefix(err.Error(), file) {
				t.Errorf("%s: the pool says %v", name, err)
			}
		} else if err != nil || !pool.Equal(want) {
			t.Errorf("%s: the pool is another one, %v", name, err)
		}
	}
}

func pair(t *testing.T, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}
