package blueprint

import (
	"os"
	"strings"
	"testing"
)

// file is the one that is delivered.
const file = "../../../deploy/authentik/claimgate.yaml"

func TestDeliveredBlueprint(t *testing.T) {
	b, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range b.Trust() {
		t.Errorf("%s:%s", file, fault)
	}
	for _, model := range []string{
		"authentik_providers_oauth2.oauth2provider", "authentik_providers_oauth2.scopemapping", "authentik_core.application",
		"authentik_core.group", "authentik_core.user", "authentik_core.token", "authentik_policies.policybinding",
	} {
		if len(b.of(model)) == 0 {
			t.Errorf("%s has no %s", file, model)
		}
	}
}

// The one of the tests has passwords in it, and what it adds to the delivered one.
func TestBlueprintOfTheTests(t *testing.T) {
	if _, err := Load("../stack/authentik.yaml"); err != nil {
		t.Fatal(err)
	}
}

// Each of these mistakes is one that Authentik takes in silence or tells of in
// the worker's log only.
func TestMistakesAreFound(t *testing.T) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"a member that is none":          {"    conditions:\n", "    condition:\n"},
		"an attribute that is none":      {"      sub_mode: hashed_user_id", "      subject_mode: hashed_user_id"},
		"a required attribute missing":   {"      client_type: confidential\n", ""},
		"a member twice":                 {"      client_id: minio\n", "      client_id: minio\n      client_id: other\n"},
		"a tag that is none":             {"!Env MINIO_CLIENT_SECRET", "!ENV MINIO_CLIENT_SECRET"},
		"a find without pairs":           {"[slug, default-provider-invalidation-flow]", "default-provider-invalidation-flow"},
		"a reference to no entry":        {"provider: !KeyOf provider", "provider: !KeyOf providers"},
		"a reference to a later entry":   {"    id: scope\n", ""},
		"an id twice":                    {"    id: readers\n", "    id: users\n"},
		"a model that is none":           {"model: authentik_core.application", "model: authentik_core.app"},
		"an entry without identifiers":   {"    identifiers:\n      slug: minio # the issuer ends in /application/o/minio/\n", ""},
		"another version":                {"version: 1\n", "version: 2\n"},
		"no name":                        {"  name: claimgate\n", ""},
		"no signing key":                 {"      signing_key: !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]\n", "      signing_key: null\n"},
		"a signing key that may be none": {"    conditions:\n      - !Find [authentik_crypto.certificatekeypair, [name, authentik Self-signed Certificate]]\n", ""},
		"no grant types":                 {"        - authorization_code\n        - refresh_token\n        - client_credentials\n", "        []\n"},
		"a client secret in the file":    {"!Env MINIO_CLIENT_SECRET", "secret"},
		"a client secret with a default": {"!Env MINIO_CLIENT_SECRET", "!Env [MINIO_CLIENT_SECRET, secret]"},
		"an app password in the file":    {"      key: !Env MINIO_BACKUP_APP_PASSWORD", "      key: secret"},
		"another subject":                {"sub_mode: hashed_user_id", "sub_mode: user_email"},
		"an encryption key":              {"      issuer_mode: per_provider\n", "      issuer_mode: per_provider\n      encryption_key: !KeyOf scope\n"},
		"a redirect by pattern":          {"matching_mode: strict", "matching_mode: regex"},
		"a superuser":                    {"      name: MinIO admins\n", "      name: MinIO admins\n      is_superuser: true\n"},
		"an application open to all":     {"      target: !KeyOf application\n", "      target: !KeyOf provider\n"},
	} {
		t.Run(name, func(t *testing.T) {
			broken := strings.ReplaceAll(string(text), change[0], change[1])
			if broken == string(text) {
				t.Fatalf("the file has no %q", change[0])
			}
			b, errs := parse([]byte(broken))
			if len(errs) == 0 && len(b.Trust()) == 0 {
				t.Error("it was not found")
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
