package login

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/claimgate/claimgate/e2e/internal/images"
	"github.com/claimgate/claimgate/e2e/internal/person"
)

// denied matches the output of a client whose request was denied.
var denied = regexp.MustCompile(`(?i)access ?denied|forbidden|\b403\b|permission denied|insufficient permissions|operation not permitted`)

// list, read and put are scripts that use mc in the bucket reports.
const (
	list = `eval "$(claimgate credentials --format mc)"; mc ls default/reports`
	read = `eval "$(claimgate credentials --format mc)"; mc cat default/reports/answer.txt`
	put  = `eval "$(claimgate credentials --format mc)"; echo x | mc pipe default/reports/put.txt`
)

// A person logs in with the browser, or on a machine without a browser, at the demo's issuer, Dex and zitadel/oidc.
// The mapping decides about their requests. The refresh token renews the session. If the provider supports
// back-channel logout, a logout ends access at once.
func TestLogin(t *testing.T) {
	for _, p := range []provider{demo(), dex(), zitadel(), hydra(), glewlwyd()} {
		t.Run(p.name, func(t *testing.T) {
			w := start(t, p)
			browser := person.New(t)
			said := w.login(browser, "alice", "")
			for _, script := range []string{list, read, put} {
				w.must(w.env("alice"), script)
			}
			shown := w.must(w.env("alice"), "claimgate whoami")
			if !strings.Contains(shown, "renewed before that") {
				t.Errorf("whoami says %s", shown)
			}
			before := w.must(w.env("alice"), "claimgate credentials")
			if after := w.must(w.env("alice"), "claimgate credentials --refresh"); (after == before) != p.noNewIDToken {
				t.Errorf("the session was renewed: %t", after != before)
			}
			w.must(w.env("alice"), read)

			if p.device != nil {
				w.device(person.New(t), "nobody")
			} else {
				w.login(person.New(t), "nobody", "")
			}
			for _, script := range []string{list, read, put} {
				if out, err := w.try(w.env("nobody"), script); err == nil || !denied.MatchString(out) {
					t.Errorf("%s\n%v\n%s", script, err, out)
				}
			}

			secrets := w.secrets()
			if len(secrets) < 4 {
				t.Fatalf("only %d secrets are known", len(secrets))
			}
			for _, secret := range secrets {
				if strings.Contains(said+shown, secret) {
					t.Error("a secret is printed")
				}
			}
			kept := w.must(w.env("alice"), "claimgate credentials --format mc")
			w.must(w.env("alice"), "claimgate logout")
			if out, err := w.try(w.env("alice"), "claimgate credentials"); err == nil || !strings.Contains(out, "claimgate login") {
				t.Errorf("after the logout: %s", out)
			}
			if p.logoutEnds {
				if out, err := w.try(w.env("alice"), kept+"\nmc cat default/reports/answer.txt"); err == nil || !denied.MatchString(out) {
					t.Errorf("credentials from before the logout still work after it: %v\n%s", err, out)
				}
			}
			w.wantNoSecretInLogs(secrets)
		})
	}
}

// wantNoSecretInLogs fails the test if claimgate's log or the decision log holds a secret.
func (w *world) wantNoSecretInLogs(secrets []string) {
	w.Helper()
	for _, name := range []string{"claimgate.log", "decisions.jsonl"} {
		text, err := os.ReadFile(filepath.Join(w.dir, name))
		if err != nil {
			w.Fatal(err)
		}
		for _, secret := range secrets {
			if bytes.Contains(text, []byte(secret)) {
				w.Errorf("%s holds a secret", name)
			}
		}
	}
}

// block is a code block of a document. under is its heading of the third level.
type block struct{ under, language, text string }

func blocks(t *testing.T, file string) []block {
	t.Helper()
	root, err := images.Repository()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	var found []block
	for _, section := range strings.Split(string(text), "\n### ")[1:] {
		heading, _, _ := strings.Cut(section, "\n")
		for _, m := range regexp.MustCompile("(?s)\n```([a-z]+)\n(.*?\n)```\n").FindAllStringSubmatch(section, -1) {
			found = append(found, block{heading, m[1], m[2]})
		}
	}
	return found
}

// The commands of docs/clients.md for the AWS CLI, boto3, mc, rclone, restic, s3cmd and s3fs work as written for a
// user with rights, are denied for a user without, and still work after a renewal.
func TestClients(t *testing.T) {
	w := start(t, demo())
	browser := person.New(t)
	ran := map[string]bool{}
	for _, who := range []string{"nobody", "alice"} {
		w.login(browser, who, "")
		env := w.env(who)
		home := filepath.Join(w.dir, "home of "+who)
		w.must(env, `mkdir -p "$HOME/.aws" && echo a-password > restic-password`)
		for _, b := range blocks(t, "docs/clients.md") {
			script := strings.NewReplacer("https://s3.example.com", w.minio, "s3cmd --host", "s3cmd --no-ssl --host").Replace(b.text)
			switch b.language {
			case "ini":
				if err := os.WriteFile(filepath.Join(home, ".aws", "config"), []byte(script), 0o600); err != nil {
					t.Fatal(err)
				}
				continue
			case "python":
				script = "python3 - <<'END'\n" + script + "END\n"
			case "sh":
			default:
				continue // docs/clients.md says that such blocks are not run
			}
			if b.under == "AWS CLI" {
				// Debian's AWS CLI ignores endpoint_url. The document says to use --endpoint-url then.
				script = strings.ReplaceAll(script, "aws s3 ", "aws --endpoint-url "+w.minio+" s3 ")
			}
			if b.under == "s3fs" {
				if _, err := os.Stat("/dev/fuse"); err != nil {
					t.Log("s3fs was not tried: this machine has no /dev/fuse")
					continue
				}
			}
			ran[b.under] = true
			if who == "alice" {
				if out, err := w.try(env, script); err != nil && b.under == "s3fs" && mountRefused.MatchString(out) {
					t.Logf("s3fs was not tried: this machine allows no FUSE mounts: %s", out)
					continue
				} else if err != nil {
					t.Errorf("%s: %v\n%s", b.under, err, out)
				}
				w.must(env, "claimgate credentials --refresh")
				if b.under != "restic" { // restic init works only once
					if out, err := w.try(env, script); err != nil {
						t.Errorf("%s after a renewal: %v\n%s", b.under, err, out)
					}
				}
				continue
			}
			// Run each line separately, because a denied list would hide an allowed put.
			lines := []string{script}
			if b.language == "sh" && b.under != "s3fs" {
				lines = nil
				for line := range strings.SplitSeq(script, "\n") {
					if clientCommand.MatchString(line) {
						lines = append(lines, setUpLines(script)+line)
					}
				}
			}
			for _, line := range lines {
				if out, err := w.try(env, line); err == nil {
					t.Errorf("%s, for a user without rights, did not fail: %s\n%s", b.under, line, out)
				}
			}
			_, _ = w.try(env, "umount mounted")
		}
		if who == "nobody" {
			w.wantNothingMoved()
		}
	}
	for _, name := range []string{"AWS CLI", "boto3", "mc", "rclone", "restic", "s3cmd"} {
		if !ran[name] {
			t.Errorf("docs/clients.md has no lines for %s, or they were not run", name)
		}
	}
	for _, name := range []string{"aws", "boto3", "mc", "rclone", "s3cmd"} {
		if _, err := w.root().StatObject(t.Context(), "reports", name+".txt", minio.StatObjectOptions{}); err != nil {
			t.Errorf("%s.txt was not written: %v", name, err)
		}
	}
}

// mountRefused matches FUSE's errors on machines that allow no mount, such as a container without privileges.
var mountRefused = regexp.MustCompile(`(?i)fuse: (device not found|mount failed|failed to open)|fusermount3?: (mount|failed|user)`)

// wantNothingMoved fails the test if the user without rights has read or written an object.
func (w *world) wantNothingMoved() {
	w.Helper()
	for bucket, want := range map[string]string{"reports": "answer.txt", "backups": ""} {
		found := ""
		for o := range w.root().ListObjects(w.Context(), bucket, minio.ListObjectsOptions{Recursive: true}) {
			found += o.Key
		}
		if found != want {
			w.Errorf("%s holds %q", bucket, found)
		}
	}
	err := filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == "data" {
			return filepath.SkipDir // MinIO's data
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(path)
		if bytes.Contains(text, []byte(content)) {
			w.Errorf("%s holds the content of an object that the user may not read", path)
		}
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
}

// clientCommand matches a line that sends a request to the server.
var clientCommand = regexp.MustCompile(`^(aws|mc|rclone|restic .* init|s3cmd) `)

// setUpLines returns the lines of a script that only set up the client.
func setUpLines(script string) string {
	text := ""
	for line := range strings.SplitSeq(script, "\n") {
		if strings.HasPrefix(line, "eval ") || strings.HasPrefix(line, "export ") || strings.HasPrefix(line, "mkdir ") {
			text += line + "\n"
		}
	}
	return text + "echo x > answer.txt\n"
}

// A session ends when the token inside its id_token expires, because claimgate checks this token. The AWS CLI still
// works after that, because credentials renews the session.
func TestASessionThatEnded(t *testing.T) {
	w := start(t, demo("--evidence-lifetime", "30s")) // long enough for a busy machine to use a session before it ends
	w.login(person.New(t), "alice", "")
	env := w.env("alice")
	kept := w.must(env, "claimgate credentials --format env")
	aws := "\naws --endpoint-url " + w.minio + " s3 ls s3://reports/"
	w.must(env, kept+aws)
	w.until("the token has expired", func() bool {
		out, err := w.try(env, kept+aws)
		return err != nil && denied.MatchString(out)
	})
	w.must(env, `mkdir -p "$HOME/.aws" && printf '[default]\ncredential_process = claimgate credentials\nregion = us-east-1\n' > "$HOME/.aws/config"`)
	w.must(env, aws)
}

// Twenty concurrent clients renew an expired session only once, because a refresh token can be used only once.
func TestManyClientsRenewOnce(t *testing.T) {
	w := start(t, demo())
	w.login(person.New(t), "alice", "")
	env := w.env("alice")
	file := strings.TrimSpace(w.must(env, `ls "$HOME"/.cache/claimgate/session-*.json`))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var session map[string]any
	if err := json.Unmarshal(text, &session); err != nil {
		t.Fatal(err)
	}
	session["expires"] = "2001-01-01T00:00:00Z"
	if text, err = json.Marshal(session); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	printed := make([]string, 20)
	for i := range printed {
		running.Go(func() {
			out, err := w.try(env, "claimgate credentials")
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			printed[i] = out
		})
	}
	running.Wait()
	for _, out := range printed {
		if out != printed[0] || strings.Contains(out, fmt.Sprint(session["access_key"])) {
			t.Fatal("not every client got the same new credentials")
		}
	}
}

// With a keyring the session's file alone is useless: it is sealed with a key that the keyring keeps.
func TestTheKeyringSealsTheSession(t *testing.T) {
	w := start(t, demo())
	env := w.env("alice")
	w.must(env, `mkdir -m 700 "$HOME/run"`)
	env = append(env, "XDG_RUNTIME_DIR="+filepath.Join(w.dir, "home of alice", "run"))
	// The bus and the keyring run until the file done exists.
	go func() {
		_, _ = w.try(env, `exec dbus-run-session -- bash -c 'echo -n secret | gnome-keyring-daemon --unlock --components=secrets > /dev/null; echo "$DBUS_SESSION_BUS_ADDRESS" > bus.new; mv bus.new bus; while [[ ! -e done ]]; do sleep 0.2; done'`)
	}()
	defer w.write("done", "")
	var bus []byte
	w.until("the keyring is there", func() bool {
		var err error
		bus, err = os.ReadFile(filepath.Join(w.dir, "bus"))
		return err == nil
	})
	w.bus = strings.TrimSpace(string(bus))
	w.login(person.New(t), "alice", "")
	if w.secrets() != nil {
		t.Error("the file holds a secret in clear")
	}
	w.must(w.env("alice"), read)
	w.must(w.env("alice"), "claimgate credentials --refresh")
	w.must(w.env("alice"), read)
	w.bus = ""
	if out, err := w.try(w.env("alice"), "claimgate credentials"); err == nil || !strings.Contains(out, "keyring") || strings.Contains(out, "AccessKeyId") {
		t.Errorf("without the keyring: %v\n%s", err, out)
	}
}
