package check

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/claimgate/claimgate/app/config"
)

var update = flag.Bool("update", false, "write values.schema.json anew")

// ownedByChart are the keys that the chart sets: addresses, files, and values that must
// fit other parts of the pod.
var ownedByChart = map[string]bool{
	"server.listen": true, "server.caller_tokens": true, "server.caller_tokens_file": true,
	"server.tls_cert": true, "server.tls_key": true, "server.client_ca": true, "server.shutdown_grace": true, "server.drain_delay": true,
	"revocation.ca_file": true,
	"admin.listen":       true, "mapping.file": true, "revocation.password_file": true,
	"issuer.ca_file": true, "issuer.snapshot_file": true, "issuer.introspection.client_secret_file": true,
}

// TestSchemaKnowsEveryKeyOfConfig checks that values.schema.json equals
// values.schema.base.json with the keys of claimgate's own reference.
func TestSchemaKnowsEveryKeyOfConfig(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal([]byte(read(t, "deploy/check/values.schema.base.json")), &schema); err != nil {
		t.Fatal(err)
	}
	schema["properties"].(map[string]any)["config"] = configSchema()
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(schema); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(chart, "values.schema.json")
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, "deploy/helm/claimgate/values.schema.json") != want.String() {
		t.Error("values.schema.json is out of date: go test -C deploy/check -run TestSchema -update")
	}
}

func object() map[string]any {
	return map[string]any{"type": "object", "additionalProperties": false, "properties": map[string]any{}}
}

func properties(o map[string]any) map[string]any { return o["properties"].(map[string]any) }

func configSchema() map[string]any {
	root, issuer, introspection := object(), object(), object()
	properties(root)["issuer"] = map[string]any{"type": "array", "items": issuer}
	properties(issuer)["introspection"] = introspection
	issuer["required"] = []string{"url", "audiences"}
	introspection["required"] = []string{"client_id"}
	for _, key := range config.Reference() {
		if ownedByChart[key.Section+"."+key.Name] {
			continue
		}
		var section map[string]any
		switch key.Section {
		case "issuer":
			section = issuer
		case "issuer.introspection":
			section = introspection
		default:
			if properties(root)[key.Section] == nil {
				properties(root)[key.Section] = object()
			}
			section = properties(root)[key.Section].(map[string]any)
		}
		properties(section)[key.Name] = keySchema(key)
	}
	return root
}

func keySchema(key config.Key) map[string]any {
	s := map[string]any{"description": key.Doc}
	switch key.Type {
	case "boolean", "integer":
		s["type"] = key.Type
	case "list":
		s["type"] = "array"
		s["items"] = map[string]any{"type": "string"}
	case "duration":
		s["type"], s["pattern"] = "string", `^([0-9.]+(ms|s|m|h))+$`
	case "size":
		s["type"], s["pattern"] = "string", `^[0-9]+(B|KiB|MiB|GiB)?$`
	default:
		s["type"] = "string"
	}
	if len(key.OneOf) > 0 {
		s["enum"] = key.OneOf
	}
	return s
}
