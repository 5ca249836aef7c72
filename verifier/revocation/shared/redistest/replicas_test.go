package redistest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/claimgate/claimgate/app/demo/issuer"
	"github.com/claimgate/claimgate/internal/testsupport/program"
	"github.com/claimgate/claimgate/internal/testsupport/wait"
)

// secret is the store's password, which no output may hold.
const secret = "c4nary-p4ssword"

// withTLS returns a server that accepts TLS only, and a single user with a password. The
// user has only the rights that claimgate needs. ca is the file of the certificate
// authority.
func withTLS(t *testing.T) (s *server, ca string) {
	t.Helper()
	dir := t.TempDir()
	ca = writeCertificates(t, dir)
	acl := filepath.Join(dir, "users.acl")
	write(t, acl, "user default off\nuser claimgate on >"+secret+
		" resetkeys ~claimgate:* resetchannels &claimgate:* -@all +ping +select +subscribe +publish +set +mget +scan\n")
	s = newServer(t, "--aclfile", acl, "--tls-cert-file", filepath.Join(dir, "cert.pem"), "--tls-key-file", filepath.Join(dir, "key.pem"),
		"--tls-ca-cert-file", ca, "--tls-auth-clients", "no")
	s.tls = true
	return s, ca
}

func writeCertificates(t *testing.T, dir string) (ca string) {
	t.Helper()
	key := func() *ecdsa.PrivateKey {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	authority, own := key(), key()
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "redis"}, NotBefore: root.NotBefore, NotAfter: root.NotAfter,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	certificate := func(template *x509.Certificate, of *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, root, of.Public(), authority)
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	}
	private, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(dir, "ca.pem")
	write(t, ca, string(certificate(root, authority)))
	write(t, filepath.Join(dir, "cert.pem"), string(certificate(leaf, own)))
	write(t, filepath.Join(dir, "key.pem"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return ca
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// build compiles claimgate and returns the file of the binary.
func build(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "claimgate")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", file, "./app")
	cmd.Dir = "../../../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

// process is a running claimgate.
type process struct {
	t      *testing.T
	public string
	admin  string
	log    safeBuffer
}

func serve(t *testing.T, binary string, iss *issuer.Server, env ...string) *process {
	t.Helper()
	mapping := "version = 1\n[[group]]\nname = \"MinIO users\"\npolicies = [\"readwrite\"]\nreason = \"test\"\nowner = \"test\"\n"
	p := &process{t: t}
	cmd := exec.Command(binary, "serve")
	_, cmd.Env = program.Env(t, iss.URL(), mapping, append([]string{"CLAIMGATE_LOG_LEVEL=debug"}, env...)...)
	cmd.Stdout, cmd.Stderr = &p.log, &p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("claimgate ended with %v\n%s", err, p.log.String())
		}
		if strings.Contains(p.log.String(), secret) {
			t.Error("the store's password is in the log")
		}
	})
	wait.Until(t, "claimgate serves", func() (ok bool) {
		var url string
		url, p.admin, ok = program.Serving(p.log.String())
		p.public = strings.TrimSuffix(url, "/authz")
		return ok
	})
	wait.Until(t, "claimgate is ready", func() bool { status, _ := p.get("/readyz"); return status == 200 })
	return p
}

func (p *process) get(path string) (int, string) {
	p.t.Helper()
	return program.Get(p.t, p.admin+path)
}

// ask sends a question to claimgate and returns the reason of the decision.
func (p *process) ask(body []byte) string {
	p.t.Helper()
	resp, err := http.Post(p.public+"/authz", "application/json", bytes.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	answer, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	reason := resp.Header.Get("X-Claimgate-Reason")
	if strings.Contains(string(answer), "true") != (reason == "policy_allow") {
		p.t.Fatalf("answer %s with the reason %s", answer, reason)
	}
	return reason
}

func (p *process) logout(token string) int {
	p.t.Helper()
	resp, err := http.PostForm(p.public+"/backchannel-logout", url.Values{"logout_token": {token}})
	if err != nil {
		p.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Header.Get("Cache-Control") != "no-store" {
		p.t.Error("the answer to a logout may be stored")
	}
	return resp.StatusCode
}

// session returns MinIO's question for a session of alice, and the logout token that ends
// the session.
func session(t *testing.T, iss *issuer.Server, name string) (question []byte, logout string) {
	t.Helper()
	alice, _ := iss.User("alice")
	claims := iss.IDClaims(alice, issuer.WithSession(name))
	claims["accessKey"] = "S1"
	question, err := json.Marshal(map[string]any{"input": map[string]any{
		"account": "S1", "action": "s3:GetObject", "bucket": "b", "object": "o", "claims": claims,
		"conditions": map[string]any{"authentik_token": []string{iss.EvidenceToken(alice)}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return question, iss.Token(map[string]any{
		"iss": iss.URL(), "sub": alice.Subject, "sid": claims["sid"], "aud": "minio", "jti": "of " + name, "iat": time.Now().Unix(),
		"exp": time.Now().Add(time.Minute).Unix(), "events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}},
	}, issuer.WithHeader("typ", "logout+jwt"))
}

// Two replicas share their logouts through a server with TLS and a password. If one replica
// receives a logout, it publishes the logout at once, and the other denies the session.
func TestTwoReplicas(t *testing.T) {
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	binary := build(t)
	s, ca := withTLS(t)
	s.start()
	iss, err := issuer.Listen(t.Context(), "127.0.0.1:0", issuer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = iss.Close() })
	password := filepath.Join(t.TempDir(), "password")
	write(t, password, secret+"\n")
	env := []string{
		"CLAIMGATE_REVOCATION_STORE=rediss://claimgate@127.0.0.1:" + s.port + "/0",
		"CLAIMGATE_REVOCATION_CA_FILE=" + ca, "CLAIMGATE_REVOCATION_PASSWORD_FILE=" + password,
	}
	one, two := serve(t, binary, iss, env...), serve(t, binary, iss, env...)
	up := func(p *process) bool { _, body := p.get("/readyz"); return strings.Contains(body, `"up":true`) }
	wait.Until(t, "both have joined", func() bool { return up(one) && up(two) })

	var longest time.Duration
	published := map[*process]int{} // logouts that came at once, by the replica that did not receive them
	for n := range 20 {
		question, logout := session(t, iss, "session "+number(n))
		for _, p := range []*process{one, two} {
			if got := p.ask(question); got != "policy_allow" {
				t.Fatalf("before the logout: %s", got)
			}
		}
		here, there := one, two
		if n%2 == 1 {
			here, there = two, one
		}
		before, began := strings.Count(there.log.String(), synchronized), time.Now()
		if got := here.logout(logout); got != 200 {
			t.Fatalf("the logout got %d", got)
		}
		wait.Until(t, "the other replica denies the session", func() bool { return there.ask(question) == "token_revoked" })
		if strings.Count(there.log.String(), synchronized) == before {
			published[there]++
		}
		longest = max(longest, time.Since(began))
		if got := here.ask(question); got != "token_revoked" {
			t.Errorf("where the logout was received: %s", got)
		}
		if got := there.logout(logout); got != 400 {
			t.Errorf("the same logout token again, at the other replica, got %d", got)
		}
		// On a busy machine a replica can miss a publication and get the logout with a synchronization.
		if n == 9 && (published[one] == 0 || published[two] == 0) {
			t.Fatal("every logout came with a synchronization, none with its publication")
		}
	}
	t.Logf("denied on the other replica within %s of sending the logout, at the longest of 20", longest)

	s.kill()
	wait.Until(t, "the outage is visible", func() bool { return !up(one) && !up(two) })
	question, logout := session(t, iss, "during the outage")
	if got := one.logout(logout); got != 200 {
		t.Errorf("a logout during the outage got %d", got)
	}
	if got := one.ask(question); got != "token_revoked" {
		t.Errorf("after a logout during the outage: %s", got)
	}
	if status, body := two.get("/readyz"); status != 200 || !strings.Contains(body, `"error":`) {
		t.Errorf("/readyz says %d %s", status, body)
	}
	if _, metrics := two.get("/metrics"); !strings.Contains(metrics, "claimgate_revocation_store_up 0") || !strings.Contains(metrics, `claimgate_revocations{kind="sid"} 20`) {
		t.Error("/metrics does not show the outage, or not what is remembered")
	}
	three := serve(t, binary, iss, env...) // starts during the outage
	if got := three.ask(question); got != "policy_allow" {
		t.Errorf("a replica that knows of nothing says %s", got)
	}
	s.start() // empty
	for _, p := range []*process{two, three} {
		wait.Until(t, "the logout is known", func() bool { return p.ask(question) == "token_revoked" })
	}
	first, _ := session(t, iss, "session 0")
	wait.Until(t, "those from before, too", func() bool { return three.ask(first) == "token_revoked" })
	wait.Until(t, "the end of the outage is visible", func() bool { return up(one) && up(two) && up(three) })
	if _, metrics := two.get("/metrics"); !strings.Contains(metrics, "claimgate_revocation_store_up 1") {
		t.Error("/metrics does not show the end of the outage")
	}
}

// The state says why a replica cannot reach its store, and the password is never shown.
func TestWhyTheStoreCannotBeReached(t *testing.T) {
	s, ca := withTLS(t)
	s.start()
	good := "rediss://claimgate@127.0.0.1:" + s.port
	for _, c := range []struct{ name, url, ca, password, want string }{
		{"the password is wrong", good, ca, "wrong-" + secret, "WRONGPASS"},
		{"no password", good, ca, "", "NOAUTH"},
		{"another authority", good, "", secret, "certificate signed by unknown authority"},
		{"no TLS", strings.Replace(good, "rediss", "redis", 1), "", secret, "read"},
		{"the name is not the certificate's", strings.Replace(good, "127.0.0.1", "localhost", 1), ca, secret, "localhost"},
		{"nobody listens", "redis://127.0.0.1:1", "", "", "connection refused"},
	} {
		r := newReplica(t, c.url, passwordAndCA(c.password, c.ca))
		// On a busy machine the first error can be a timeout.
		wait.Until(t, c.name+": "+c.want, func() bool { return strings.Contains(r.State().Error, c.want) })
		if got := r.State(); got.Up {
			t.Errorf("%s: %+v", c.name, got)
		}
		if strings.Contains(r.log.String()+r.State().Error, secret) {
			t.Errorf("%s: the password is shown", c.name)
		}
		_ = r.Close()
	}
}

// The password is read again for a new connection after the server's password has changed.
func TestARotatedPassword(t *testing.T) {
	s := startServer(t, "--requirepass", "one")
	s.password = "one"
	current := make(chan string, 1)
	current <- "one"
	password := func() string { p := <-current; current <- p; return p }
	r := joined(t, s.url(), passwordOf(password))
	c := s.client()
	if err := c.ConfigSet(t.Context(), "requirepass", "two").Err(); err != nil {
		t.Fatal(err)
	}
	<-current
	current <- "two"
	if err := c.ClientKillByFilter(t.Context(), "SKIPME", "yes").Err(); err != nil {
		t.Fatal(err)
	}
	wait.Until(t, "it notices", func() bool { return strings.Contains(r.log.String(), "store is down") })
	wait.Until(t, "it is connected again", func() bool { return r.State().Up })
}
