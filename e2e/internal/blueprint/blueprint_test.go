package blueprint

import (
	"os"
	"strings"
	"testing"
)

// delivered is the blueprint of the project.
const delivered = "../../../deploy/authentik/claimgate.yaml"

func TestDeliveredBlueprint(t *testing.T) {
	b, err := Load(delivered)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range b.Trust() {
		t.Errorf("%s:%s", delivered, fault)
	}
	for _, model := range []string{
		"authentik_providers_oauth2.oauth2provider", "authentik_providers_oauth2.scopemapping", "authentik_core.application",
		"authentik_core.group", "authentik_core.user", "authentik_core.token", "authentik_policies.policybinding",
	} {
		if len(b.of(model)) == 0 {
			t.Errorf("%s has no %s", delivered, model)
		}
	}
}

// The blueprint of the tests adds to the delivered one and contains passwords.
func TestBlueprintOfTheTests(t *testing.T) {
	if _, err := Load("../stack/authentik.yaml"); err != nil {
		t.Fatal(err)
	}
}

// Authentik accepts these mistakes silently or reports them only in the worker's log.
func TestMistakesAreFound(t *testing.T) {
	text, err := os.ReadFile(delivered)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"an unknown member":                 {"    conditions:\n", "    condition:\n"},
		"an unknown attribute":              {"      sub_mode: hashed_user_id", "      subject_mode: hashed_user_id"},
		"a required attribute missing":      {"      client_type: public\n", ""},
		"a duplicate member":                {"      client_id: minio\n", "      client_id: minio\n      client_id: other\n"},
		"an unknown tag":                    {"!Env MINIO_CLIENT_SECRET", "!ENV MINIO_CLIENT_SECRET"},
		"a find without pairs":              {"[slug, default-provider-invalidation-flow]", "default-provider-invalidation-flow"},
		"a reference to a missing entry":    {"provider: !KeyOf provider", "provider: !KeyOf providers"},
		"a reference to a later entry":      {"    id: scope\n", ""},
		"a duplicate id":                    {"    id: readers\n", "    id: users\n"},
		"an unknown model":                  {"model: authentik_core.application", "model: authentik_core.app"},
		"an entry without identifiers":      {"    identifiers:\n      slug: minio # the issuer ends in /application/o/minio/\n", ""},
		"another version":                   {"version: 1\n", "version: 2\n"},
		"no name":                           {"  name: claimgate\n", ""},
		"no signing key":                    {"      signing_key: !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]\n", "      signing_key: null\n"},
		"a signing key that may be missing": {"    conditions:\n      - !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]\n", ""},
		"no grant types":                    {"        - authorization_code\n        - refresh_token\n        - client_credentials\n        - urn:ietf:params:oauth:grant-type:device_code\n", "        []\n"},
		"a client with a secret":            {"client_type: public", "client_type: confidential"},
		"a device page for anybody":         {"authentication: require_authenticated", "authentication: none"},
		"a client secret in the file":       {"!Env MINIO_CLIENT_SECRET", "secret"},
		"a client secret with a default":    {"!Env MINIO_CLIENT_SECRET", "!Env [MINIO_CLIENT_SECRET, secret]"},
		"an app password in the file":       {"      key: !Env MINIO_BACKUP_APP_PASSWORD", "      key: secret"},
		"another subject":                   {"sub_mode: hashed_user_id", "sub_mode: user_email"},
		"an encryption key":                 {"      issuer_mode: per_provider\n", "      issuer_mode: per_provider\n      encryption_key: !KeyOf scope\n"},
		"a redirect by pattern":             {"matching_mode: strict", "matching_mode: regex"},
		"a superuser":                       {"      name: MinIO admins\n", "      name: MinIO admins\n      is_superuser: true\n"},
		"an application open to all":        {"      target: !KeyOf application\n", "      target: !KeyOf provider\n"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.ReplaceAll(string(text), change[0], change[1])
			if broken == string(text) {
				t.Fatalf("the file has no %q", change[0])
			}
			b, errs := parse([]byte(broken))
			if len(errs) == 0 && len(b.Trust()) == 0 {
				t.Error("the mistake was not found")
			}
		})
	}
}

func (b *Blueprint) of(model string) (found []*Entry) {
	for _, e := range b.Entries {
		if e.Model == model {
			found = append(found, e)
		}
	}
	return found
}
