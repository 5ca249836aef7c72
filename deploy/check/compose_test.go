package check

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// service holds the tested members of a service, as docker-compose resolves it.
type service struct {
	Image       string
	ReadOnly    bool     `json:"read_only"`
	CapDrop     []string `json:"cap_drop"`
	SecurityOpt []string `json:"security_opt"`
	Privileged  bool
	Ports       []any
	Environment map[string]string
	DependsOn   map[string]struct{ Condition string } `json:"depends_on"`
	MemLimit    any                                   `json:"mem_limit"`
}

// resolve copies the compose directory, makes its secrets, and returns the services of a
// compose file as docker-compose reads it, and the directory.
func resolve(t *testing.T, file string) (map[string]service, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "compose")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "deploy/compose"))); err != nil {
		t.Fatal(err)
	}
	for _, made := range []string{".env", "secrets"} { // made by an earlier use
		if err := os.RemoveAll(filepath.Join(dir, made)); err != nil {
			t.Fatal(err)
		}
	}
	output(t, filepath.Join(dir, "init"))
	cmd := exec.Command("docker-compose", "--file", file, "config")
	cmd.Dir = dir
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || strings.Contains(errs.String(), "WARNING") {
		t.Fatalf("docker-compose config: %v\n%s", err, errs.String())
	}
	var resolved struct{ Services map[string]service }
	if err := yaml.Unmarshal(out, &resolved); err != nil {
		t.Fatal(err)
	}
	return resolved.Services, dir
}

var composeFiles = []string{"compose.yaml", "compose.demo.yaml"}

func TestComposeConfinesClaimgate(t *testing.T) {
	for _, file := range composeFiles {
		services, _ := resolve(t, file)
		for name, s := range services {
			if !strings.HasPrefix(s.Image, "claimgate") {
				continue
			}
			if !s.ReadOnly || !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Equal(s.SecurityOpt, []string{"no-new-privileges:true"}) || s.Privileged {
				t.Errorf("%s: %s can write, has capabilities or can gain privileges", file, name)
			}
		}
		if len(services["claimgate"].Ports) > 0 {
			t.Errorf("%s: claimgate is published outside of its network", file)
		}
		for name, s := range services {
			for _, port := range s.Ports {
				if text, ok := port.(string); !ok || !strings.HasPrefix(text, "127.0.0.1:") {
					t.Errorf("%s: %s publishes %v beyond this machine", file, name, port)
				}
			}
		}
	}
}

// TestComposeConfiguresMinIO checks the settings without which MinIO uses its own
// policies, or allows root before the webhook is ready.
func TestComposeConfiguresMinIO(t *testing.T) {
	for _, file := range composeFiles {
		services, dir := resolve(t, file)
		minio := services["minio"]
		env := maps.Clone(minio.Environment)
		if env["MINIO_CONFIG_ENV_FILE"] != "" {
			for line := range strings.Lines(secret(t, dir, "minio_env")) {
				name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
				env[name] = value
			}
		}
		if env["MINIO_POLICY_PLUGIN_URL"] != "http://claimgate:8080/authz" {
			t.Errorf("%s: the webhook is %q", file, env["MINIO_POLICY_PLUGIN_URL"])
		}
		if env["MINIO_IDENTITY_OPENID_ROLE_POLICY"] != "decided-by-claimgate" {
			t.Errorf("%s: without its webhook MinIO would grant %q", file, env["MINIO_IDENTITY_OPENID_ROLE_POLICY"])
		}
		issuer := services["claimgate"].Environment["CLAIMGATE_ISSUER_0_URL"]
		if env["MINIO_IDENTITY_OPENID_CONFIG_URL"] != issuer+".well-known/openid-configuration" {
			t.Errorf("%s: MinIO's issuer is %s, claimgate's %s", file, env["MINIO_IDENTITY_OPENID_CONFIG_URL"], issuer)
		}
		caller := services["claimgate"].Environment["CLAIMGATE_SERVER_CALLER_TOKENS"]
		if caller == "" {
			caller = strings.TrimSpace(secret(t, dir, "claimgate_callers"))
		}
		if !strings.HasPrefix(caller, "Bearer ") || env["MINIO_POLICY_PLUGIN_AUTH_TOKEN"] != caller {
			t.Errorf("%s: MinIO and claimgate do not share a caller token", file)
		}
		if minio.DependsOn["claimgate"].Condition != "service_healthy" {
			t.Errorf("%s: MinIO may start before claimgate answers", file)
		}
		for _, must := range []string{"MINIO_ROOT_PASSWORD", "MINIO_IDENTITY_OPENID_CLIENT_SECRET", "MINIO_IDENTITY_OPENID_SCOPES"} {
			if env[must] == "" {
				t.Errorf("%s: %s is not set", file, must)
			}
		}
	}
}

func secret(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "secrets", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// TestNoSecretIsInTheEnvironment: docker inspect and docker-compose config show
// environment variables.
func TestNoSecretIsInTheEnvironment(t *testing.T) {
	services, dir := resolve(t, "compose.yaml")
	for _, name := range []string{"postgres_password", "authentik_secret_key", "claimgate_callers", "minio_client_secret", "provider_client_secret"} {
		value := strings.TrimPrefix(strings.TrimSpace(secret(t, dir, name)), "Bearer ")
		if len(value) != 64 {
			t.Errorf("%s has %d characters", name, len(value))
		}
		for service, s := range services {
			// Authentik's blueprints read only the environment, here the worker's env_file.
			if service == "authentik-worker" && name == "provider_client_secret" {
				continue
			}
			for variable, content := range s.Environment {
				if strings.Contains(content, value) {
					t.Errorf("%s of %s contains %s", variable, service, name)
				}
			}
		}
	}
	if info, err := os.Stat(filepath.Join(dir, "secrets")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("secrets/ is open to others: %v %v", info.Mode(), err)
	}
}

// TestInitKeepsExistingSecrets checks that a second run changes no password.
func TestInitKeepsExistingSecrets(t *testing.T) {
	_, dir := resolve(t, "compose.yaml")
	before := map[string]string{}
	for _, name := range []string{"postgres_password", "minio_env", "authentik-worker.env", "claimgate_callers"} {
		before[name] = secret(t, dir, name)
	}
	if err := os.Remove(filepath.Join(dir, "secrets", "minio_env")); err != nil {
		t.Fatal(err)
	}
	output(t, filepath.Join(dir, "init"))
	for name, content := range before {
		if name != "minio_env" && secret(t, dir, name) != content {
			t.Errorf("%s has changed", name)
		}
	}
	client := strings.TrimSpace(secret(t, dir, "minio_client_secret"))
	if !strings.Contains(secret(t, dir, "minio_env"), client) || strings.Contains(before["authentik-worker.env"], client) {
		t.Error("MinIO's client secret is not its own")
	}
}

// TestBlueprintGetsItsVariables checks that the worker's environment has all variables
// that the blueprint reads.
func TestBlueprintGetsItsVariables(t *testing.T) {
	services, _ := resolve(t, "compose.yaml")
	env := services["authentik-worker"].Environment
	blueprint := read(t, "deploy/authentik/claimgate.yaml")
	asked := regexp.MustCompile(`!Env \[?([A-Z_]+)`).FindAllStringSubmatch(blueprint, -1)
	for _, m := range asked {
		if env[m[1]] == "" {
			t.Errorf("the blueprint reads %s, which is not set", m[1])
		}
	}
	if len(asked) < 4 {
		t.Errorf("only %d variables were found in the blueprint", len(asked))
	}
}

func TestConfigOfComposeIsValid(t *testing.T) {
	_, dir := resolve(t, "compose.yaml")
	config := strings.NewReplacer("/run/secrets", filepath.Join(dir, "secrets"), "/var/lib/claimgate", dir).
		Replace(read(t, "deploy/compose/claimgate/config.toml"))
	file := filepath.Join(dir, "claimgate", "config.toml")
	write(t, file, config)
	// Plain HTTP to claimgate and to the issuer, on a network inside one machine.
	if codes := found(t, "--config", file); !slices.Equal(codes, []string{"C101", "C106"}) {
		t.Errorf("claimgate check finds %v", codes)
	}
}
