package check

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// arguments are the arguments of resources and data sources, from the documentation of
// goauthentik/authentik 2026.5 to 2026.8, hashicorp/tls 4 and hashicorp/random 3. tofu
// validate would need the providers, which cannot be fetched everywhere.
var arguments = map[string][]string{
	"authentik_provider_oauth2": {
		"access_code_validity", "access_token_validity", "allowed_redirect_uris", "authentication_flow", "authorization_flow",
		"client_id", "client_secret", "client_type", "encryption_key", "grant_types", "include_claims_in_id_token",
		"invalidation_flow", "issuer_mode", "jwt_federation_providers", "jwt_federation_sources", "logout_method", "logout_uri",
		"name", "property_mappings", "refresh_token_threshold", "refresh_token_validity", "signing_key", "sub_mode",
	},
	"authentik_application": {
		"backchannel_providers", "group", "meta_description", "meta_icon", "meta_launch_url", "meta_publisher", "name",
		"open_in_new_tab", "policy_engine_mode", "protocol_provider", "slug",
	},
	"authentik_flow": {"authentication", "background", "compatibility_mode", "denied_action", "designation", "layout", "name", "policy_engine_mode", "slug", "title"},
	"authentik_property_mapping_provider_scope": {"description", "expression", "name", "scope_name"},
	"authentik_group":                                {"attributes", "for_each", "is_superuser", "name", "parents", "roles", "users"},
	"authentik_policy_binding":                       {"enabled", "failure_result", "for_each", "group", "negate", "order", "policy", "target", "timeout", "user"},
	"authentik_certificate_key_pair":                 {"certificate_data", "key_data", "name"},
	"data.authentik_flow":                            {"designation", "slug"},
	"data.authentik_property_mapping_provider_scope": {"managed", "managed_list", "name", "scope_name"},
	"tls_private_key":                                {"algorithm", "ecdsa_curve", "rsa_bits"},
	"tls_self_signed_cert":                           {"allowed_uses", "private_key_pem", "validity_period_hours"},
	"random_password":                                {"length", "special"},
}

// TestTerraform parses the HCL and compares its format with the formatter of tofu fmt, its
// arguments with the providers' schemas, and its references with the declarations.
func TestTerraform(t *testing.T) {
	declared := map[string]bool{"path.module": true, "each.key": true, "each.value": true}
	var used []string
	for _, body := range terraform(t) {
		for _, block := range body.Blocks {
			used = append(used, references(block.Body)...)
			kind := strings.Join(block.Labels, ".")
			switch block.Type {
			case "resource":
				declared[kind] = true
				checkArguments(t, block.Labels[0], block.Body)
			case "data":
				declared["data."+kind] = true
				checkArguments(t, "data."+block.Labels[0], block.Body)
			case "variable":
				declared["var."+kind] = true
				if block.Body.Attributes["description"] == nil || block.Body.Attributes["type"] == nil {
					t.Errorf("variable %s has no description or type", kind)
				}
			}
		}
	}
	if len(declared) < 15 {
		t.Fatalf("only %d names are declared", len(declared))
	}
	for _, name := range used {
		if !declared[name] {
			t.Errorf("%s is used and not declared", name)
		}
	}
	for name := range declared {
		if strings.HasPrefix(name, "var.") && !slices.Contains(used, name) {
			t.Errorf("%s is declared and not used", name)
		}
	}
}

// terraform reads all files of the module.
func terraform(t *testing.T) []*hclsyntax.Body {
	t.Helper()
	dir := filepath.Join(root, "deploy/terraform")
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	var bodies []*hclsyntax.Body
	for _, file := range append(files, filepath.Join(dir, "terraform.tfvars.example")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		f, problems := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		if string(hclwrite.Format(text)) != string(text) {
			t.Errorf("%s is not formatted: tofu fmt", file)
		}
		body := f.Body.(*hclsyntax.Body)
		checkOldSyntax(t, body, text)
		bodies = append(bodies, body)
	}
	return bodies
}

// checkOldSyntax finds what tofu fmt rewrites besides the layout: an attribute that is one interpolation, "${x}" for
// x, a variable's type in quotes or without its element type, and labels without quotes.
func checkOldSyntax(t *testing.T, body *hclsyntax.Body, text []byte) {
	t.Helper()
	for _, a := range body.Attributes {
		if _, wrapped := a.Expr.(*hclsyntax.TemplateWrapExpr); wrapped {
			t.Errorf("%s: write the expression without \"${ }\"", a.SrcRange)
		}
	}
	for _, block := range body.Blocks {
		for _, label := range block.LabelRanges {
			if text[label.Start.Byte] != '"' {
				t.Errorf("%s: put the label in quotes", label)
			}
		}
		if a := block.Body.Attributes["type"]; block.Type == "variable" && a != nil {
			if kind := string(a.Expr.Range().SliceBytes(text)); slices.Contains([]string{"list", "map", "set"}, kind) || strings.HasPrefix(kind, `"`) {
				t.Errorf("%s: write a type such as string or list(string)", a.SrcRange)
			}
		}
		checkOldSyntax(t, block.Body, text)
	}
}

func TestOldSyntaxIsFound(t *testing.T) {
	for _, text := range []string{`a = "${b}"`, "variable \"a\" {\n  type = \"string\"\n}", "variable \"a\" {\n  type = list\n}", "variable a {}"} {
		f, problems := hclsyntax.ParseConfig([]byte(text+"\n"), "a.tf", hcl.InitialPos)
		if problems.HasErrors() {
			t.Fatal(problems)
		}
		found := new(testing.T)
		checkOldSyntax(found, f.Body.(*hclsyntax.Body), []byte(text))
		if !found.Failed() {
			t.Errorf("nothing is found in %s", text)
		}
	}
}

func checkArguments(t *testing.T, kind string, body *hclsyntax.Body) {
	t.Helper()
	known, ok := arguments[kind]
	if !ok {
		t.Errorf("the schema of %s is not in this test", kind)
	}
	for name, attribute := range body.Attributes {
		if !slices.Contains(known, name) {
			t.Errorf("%s: %s has no argument %s", attribute.SrcRange, kind, name)
		}
	}
}

// references returns the names that a block reads, cut to the declared part.
func references(body *hclsyntax.Body) []string {
	var names []string
	add := func(e hclsyntax.Expression) {
		for _, traversal := range e.Variables() {
			parts := []string{traversal.RootName()}
			for _, step := range traversal[1:] {
				if attr, ok := step.(hcl.TraverseAttr); ok {
					parts = append(parts, attr.Name)
				}
			}
			keep := 2
			if parts[0] == "data" {
				keep = 3
			}
			names = append(names, strings.Join(parts[:min(keep, len(parts))], "."))
		}
	}
	for _, a := range body.Attributes {
		add(a.Expr)
	}
	for _, b := range body.Blocks {
		names = append(names, references(b.Body)...)
	}
	return slices.DeleteFunc(names, func(n string) bool {
		return n == "string" || strings.HasPrefix(n, "list") || strings.HasPrefix(n, "set")
	})
}

// TestProviderFitsClaimgate checks the settings without which tokens are refused or
// logouts do not reach claimgate.
func TestProviderFitsClaimgate(t *testing.T) {
	text := read(t, "deploy/terraform/minio.tf")
	for _, setting := range []string{
		`"authorization_code",\s+"refresh_token",`, `client_type\s+= "public"`, `scope\.offline_access\.id`, `signing_key\s+= authentik_certificate_key_pair`, `issuer_mode\s+= "per_provider"`,
		`sub_mode\s+= "hashed_user_id"`, `include_claims_in_id_token = true`, `logout_method = "backchannel"`,
		`authentik_property_mapping_provider_scope\.minio\.id`,
	} {
		if !regexp.MustCompile(setting).MatchString(text) {
			t.Errorf("minio.tf has no %s", setting)
		}
	}
	if regexp.MustCompile(`\n\s*encryption_key\s*=`).MatchString(text) {
		t.Error("with an encryption key neither MinIO nor claimgate can read a token")
	}
}

// TestScopeMappingEqualsTheReadme checks that both show the same expression.
func TestScopeMappingEqualsTheReadme(t *testing.T) {
	want := code(t, read(t, "README.md"), "hours=8")
	got := code(t, strings.ReplaceAll(read(t, "deploy/terraform/minio.py.tftpl"), "${validity}", "hours=8"), "hours=8")
	if got != want {
		t.Errorf("minio.py.tftpl is\n%s\nREADME.md has\n%s", got, want)
	}
}

// code returns the scope mapping's expression in a text, without comments.
func code(t *testing.T, text, must string) string {
	t.Helper()
	from := strings.Index(text, "import time\n")
	if from < 0 {
		t.Fatal("the text has no expression")
	}
	text, _, _ = strings.Cut(text[from:], "```")
	if !strings.Contains(text, must) {
		t.Fatalf("the expression has no %s:\n%s", must, text)
	}
	text = regexp.MustCompile(`(?m)\s+# .*$`).ReplaceAllString(text, "")
	return strings.TrimSpace(text)
}
