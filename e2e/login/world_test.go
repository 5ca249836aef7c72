package login

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/person"
)

// bin is a directory with claimgate, minio, mc, and an xdg-open that writes the address of the page to the file $PAGE.
var bin string

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	if bin, err = os.MkdirTemp("", "claimgate-login-"); err != nil {
		return 1, err
	}
	defer os.RemoveAll(bin)
	programs, err := images.Programs(context.Background())
	if err != nil {
		return 1, err
	}
	for name, p := range programs {
		if err := os.Symlink(p.File, filepath.Join(bin, name)); err != nil {
			return 1, err
		}
	}
	if err := images.Build(context.Background(), bin, "claimgate"); err != nil {
		return 1, err
	}
	opener := "#!/bin/sh\nprintf %s \"$1\" > \"$PAGE.new\" && mv \"$PAGE.new\" \"$PAGE\"\n"
	if err := os.WriteFile(filepath.Join(bin, "xdg-open"), []byte(opener), 0o700); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

// mapping is the mapping of all worlds. It names a subject for the provider whose tokens have no groups.
const mapping = `version = 1

[[group]]
name     = "MinIO users"
policies = ["readwrite"]

[[group]]
name     = "MinIO readers"
policies = ["readonly"]

[[user]]
subject  = "alice"
policies = ["readwrite"]
`

// content is the content of the object reports/answer.txt.
const content = "forty-two\n"

// world is a provider, claimgate and a MinIO.
type world struct {
	*testing.T

	dir    string
	p      provider
	issuer string
	minio  string // MinIO's URL
	gate   string // claimgate's address

	servers []chan struct{} // closed when a server has ended
	bus     string          // the address of a session bus with a keyring, if there is one
}

// start starts the servers. They end with the test. If the provider puts no token inside the id_token, claimgate
// accepts the claims that MinIO attests.
func start(t *testing.T, p provider) *world {
	t.Helper()
	if p.evidence {
		return startWith(t, p, nil)
	}
	return startWith(t, p, func() string { return "[evidence]\nwithout_token = \"claims\"\n" })
}

// startWith starts the servers. more returns lines that follow those of [[issuer]] in config.toml; it may be nil.
func startWith(t *testing.T, p provider, more func() string) *world {
	t.Helper()
	w := &world{T: t, dir: t.TempDir(), p: p, gate: freeAddress(t), minio: "http://" + freeAddress(t)}
	w.issuer = p.start(w)
	w.waitFor(strings.TrimSuffix(w.issuer, "/") + "/.well-known/openid-configuration")

	config := fmt.Sprintf("[server]\nlisten = %q\ndrain_delay = \"0s\"\n[admin]\nlisten = %q\n[[issuer]]\nurl = %q\naudiences = [\"minio\"]\nleeway = \"1s\"\nrefetch_cooldown = \"1s\"\n", w.gate, freeAddress(t), w.issuer)
	if more != nil {
		config += more()
	}
	config += "[audit]\noutput = \"decisions.jsonl\"\n"
	w.write("config.toml", config)
	w.write("mapping.toml", mapping)
	w.background("claimgate", nil, "claimgate", "serve", "--config", "config.toml")
	w.until("claimgate is ready", func() bool {
		_, err := w.try(w.env("root"), "claimgate healthcheck --config config.toml")
		return err == nil
	})
	w.background("minio", []string{
		"MINIO_ROOT_USER=root-user", "MINIO_ROOT_PASSWORD=root-password",
		"MINIO_POLICY_PLUGIN_URL=http://" + w.gate + "/authz",
		"MINIO_IDENTITY_OPENID_CONFIG_URL=" + strings.TrimSuffix(w.issuer, "/") + "/.well-known/openid-configuration",
		"MINIO_IDENTITY_OPENID_CLIENT_ID=minio", "MINIO_IDENTITY_OPENID_CLIENT_SECRET=a-text-that-nobody-else-has",
		"MINIO_IDENTITY_OPENID_ROLE_POLICY=decided-by-claimgate",
	}, "minio", "server", "--address", strings.TrimPrefix(w.minio, "http://"), "data")
	w.waitFor(w.minio + "/minio/health/cluster")
	root := w.root()
	for _, bucket := range []string{"reports", "backups"} {
		if err := root.MakeBucket(t.Context(), bucket, minio.MakeBucketOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := root.PutObject(t.Context(), "reports", "answer.txt", strings.NewReader(content), int64(len(content)), minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) root() *minio.Client {
	w.Helper()
	c, err := minio.New(strings.TrimPrefix(w.minio, "http://"), &minio.Options{Creds: credentials.NewStaticV4("root-user", "root-password", "")})
	if err != nil {
		w.Fatal(err)
	}
	return c
}

// lastPort is the port that freeAddress returned last. The first one is below the range from which Linux takes the
// ports of outgoing connections (32768 to 60999), and not among those of claimgate login.
var lastPort = 21000

// freeAddress returns an address of the loopback interface on which nothing listens. It returns each address once: a
// server may need some time until it listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	for lastPort++; lastPort < 32768; lastPort++ {
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(lastPort)))
		if err == nil {
			_ = l.Close()
			return l.Addr().String()
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (w *world) write(name, text string) {
	w.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

// background runs a server until the test ends. If the test fails, background prints the server's output.
func (w *world) background(name string, env []string, program string, args ...string) {
	w.Helper()
	log, err := os.Create(filepath.Join(w.dir, name+".log"))
	if err != nil {
		w.Fatal(err)
	}
	if !filepath.IsAbs(program) {
		program = filepath.Join(bin, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = w.dir, log, log
	cmd.Env = append(w.env("server"), env...)
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	w.servers = append(w.servers, ended)
	w.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		<-ended
		kill.Stop()
		_ = log.Close()
		if w.Failed() {
			text, _ := os.ReadFile(log.Name())
			w.Logf("%s:\n%s", name, text)
		}
	})
}

// until waits until holds returns true. It fails the test after two minutes, or if a server ends.
func (w *world) until(what string, holds func() bool) {
	w.Helper()
	for end := time.Now().Add(2 * time.Minute); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			w.Fatalf("after two minutes this still does not hold: %s", what)
		}
		for _, ended := range w.servers {
			select {
			case <-ended:
				w.Fatalf("a server ended before this held: %s", what)
			default:
			}
		}
	}
}

func (w *world) waitFor(address string) {
	w.Helper()
	w.until(address+" answers", func() bool {
		req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			w.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// env returns the environment of a user's commands. Each user has a home directory, and inherits no variable of the
// test process, because a variable could change what a client does.
func (w *world) env(who string) []string {
	home := filepath.Join(w.dir, "home of "+who)
	if err := os.MkdirAll(home, 0o700); err != nil {
		w.Fatal(err)
	}
	env := []string{
		"HOME=" + home, "PAGE=" + filepath.Join(home, "page"), "PATH=" + bin + ":/usr/bin:/bin:/usr/sbin:/sbin",
		"LANG=C.UTF-8", "TMPDIR=" + os.TempDir(),
	}
	if w.bus != "" {
		env = append(env, "DBUS_SESSION_BUS_ADDRESS="+w.bus)
	}
	return env
}

// try runs a script with bash -euo pipefail in the world's directory, and returns its output.
func (w *world) try(env []string, script string) (string, error) {
	ctx, cancel := context.WithTimeout(w.Context(), 3*time.Minute) // for a client that hangs
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
	cmd.Env, cmd.Dir, cmd.WaitDelay = env, w.dir, 5*time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (w *world) must(env []string, script string) string {
	w.Helper()
	out, err := w.try(env, script)
	if err != nil {
		w.Fatalf("%s\n%v\n%s", script, err, out)
	}
	return out
}

// loginCommand returns the command of a first login.
func (w *world) loginCommand() string {
	return fmt.Sprintf("claimgate login --issuer %s --client-id minio --endpoint %s", w.issuer, w.minio)
}

// login logs a user in with the browser and returns the output of the command.
func (w *world) login(browser *person.Person, who string, flags string) string {
	w.Helper()
	env := w.env(who)
	page := filepath.Join(w.dir, "home of "+who, "page")
	if err := os.Remove(page); err != nil && !os.IsNotExist(err) {
		w.Fatal(err)
	}
	printed := make(chan string, 1)
	failed := make(chan error, 1)
	go func() {
		out, err := w.try(env, w.loginCommand()+" "+flags)
		failed <- err
		printed <- out
	}()
	var address []byte
	w.until("the login page is opened", func() bool {
		var err error
		address, err = os.ReadFile(page)
		return err == nil || len(failed) > 0
	})
	if len(address) == 0 {
		w.Fatalf("login: %v\n%s", <-failed, <-printed)
	}
	if err := browser.Visit(string(address), append(w.p.login(who), person.Reads("You are logged in"))...); err != nil {
		w.Fatal(err)
	}
	err, out := <-failed, <-printed
	if err != nil {
		w.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, "logged in as ") {
		w.Fatalf("login says %s", out)
	}
	return out
}

// device logs a user in with the device grant: the browser runs on another machine than the command.
func (w *world) device(browser *person.Person, who string) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-c", w.loginCommand()+" --device")
	cmd.Env, cmd.Dir, cmd.WaitDelay = w.env(who), w.dir, 5*time.Second
	var out strings.Builder
	reader, err := cmd.StdoutPipe()
	if err != nil {
		w.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		w.Fatal(err)
	}
	printed := map[string]string{}
	buffer := make([]byte, 4096)
	for printed["code"] == "" {
		n, err := reader.Read(buffer)
		out.Write(buffer[:n])
		for line := range strings.SplitSeq(out.String(), "\n") {
			if name, value, found := strings.Cut(line, "  "); found {
				printed[name] = strings.TrimSpace(value)
			}
		}
		if err != nil {
			w.Fatalf("%v\n%s", err, out.String())
		}
	}
	if err := browser.Visit(printed["open"], w.p.device(who, printed["code"])...); err != nil {
		w.Fatal(err)
	}
	for {
		n, err := reader.Read(buffer)
		out.Write(buffer[:n])
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "logged in as ") {
		w.Fatalf("%v\n%s", err, out.String())
	}
}

// secrets returns the secrets in all session files. Sealed files have none in clear.
func (w *world) secrets() []string {
	var found []string
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasPrefix(d.Name(), "session-") || strings.HasSuffix(d.Name(), ".lock") {
			return nil //nolint:nilerr // MinIO may remove a directory meanwhile
		}
		text, err := os.ReadFile(path)
		for _, name := range []string{"secret_key", "session_token", "refresh_token"} {
			if _, rest, has := strings.Cut(string(text), `"`+name+`":"`); has {
				value, _, _ := strings.Cut(rest, `"`)
				found = append(found, value)
			}
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return found
}

// provider is an OpenID Connect provider.
type provider struct {
	name         string
	start        func(w *world) (issuer string)
	login        func(who string) []chromedp.Action
	device       func(who, code string) []chromedp.Action // nil if the provider has no device grant
	evidence     bool                                     // the id_token has a token inside
	noNewIDToken bool                                     // a refresh gives no id_token, so that a session is not renewed
	logoutEnds   bool                                     // claimgate logout ends the session at the provider, which sends a logout token

	end           []chromedp.Action // what a person does on the page that ends the session there; nil if the provider sends no logout token
	rotate        func(w *world)    // lets the provider sign with a new key and publish no older key; nil if there is no such function
	introspection func() string     // the lines of config.toml for introspection; nil if it is not tested
}
