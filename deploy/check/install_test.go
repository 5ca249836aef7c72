package check

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// secrets are the Secrets that the ci/ values name. The chart makes none.
var secrets = map[string]map[string]string{
	"claimgate-callers":       {"caller-tokens": "Bearer a-long-random-text", "tokens": "Bearer a-long-random-text"},
	"claimgate-introspection": {"authentik": "client-secret"},
	"claimgate-redis":         {"password": "redis-password"},
}

// weaknesses are the expected warnings of claimgate check, by install.
var weaknesses = map[string][]string{
	"minimal":    {"C106", "C107"}, // plain http, admin listener for Prometheus
	"production": {"C105", "C107"}, // one in a hundred allows is written
	"loopback":   {"C106"},
}

// TestConfigOfTheChartIsValid writes the volumes of the pod as the kubelet does, and runs
// claimgate check on the configuration.
func TestConfigOfTheChartIsValid(t *testing.T) {
	certificate, key := selfSigned(t)
	secrets := maps.Clone(secrets)
	secrets["claimgate-tls"] = map[string]string{"tls.crt": certificate, "tls.key": key, "ca.crt": certificate}
	given := map[string]map[string]string{
		"claimgate-mapping": {"mapping.toml": read(t, "mapping.example.toml")},
		"corporate-ca":      {"ca.crt": certificate},
	}
	for _, values := range installs {
		t.Run(values, func(t *testing.T) {
			objects := template(t, values)
			configMaps := maps.Clone(given)
			for _, c := range every[core.ConfigMap](objects) {
				configMaps[c.Name] = c.Data
			}
			pod := only[apps.Deployment](t, objects, "").Spec.Template.Spec
			dir := t.TempDir()
			layOut(t, dir, pod, configMaps, secrets)
			config := filepath.Join(dir, variable(only[apps.Deployment](t, objects, ""), "CLAIMGATE_CONFIG"))
			if diff := cmp.Diff(weaknesses[values], found(t, "--config", config)); diff != "" {
				t.Errorf("claimgate check (-want +got):\n%s", diff)
			}
		})
	}
}

// found runs claimgate check and returns the codes of its findings, sorted.
func found(t *testing.T, args ...string) []string {
	t.Helper()
	var findings []struct{ Code, Severity, Message string }
	out := output(t, claimgate, append([]string{"check", "--format", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &findings); err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, f := range findings {
		codes = append(codes, f.Code)
	}
	slices.Sort(codes)
	return codes
}

// layOut writes the files of every mounted volume below dir, and changes the absolute
// paths in the files accordingly.
func layOut(t *testing.T, dir string, pod core.PodSpec, configMaps, secrets map[string]map[string]string) {
	t.Helper()
	mounts := map[string]string{}
	for _, m := range pod.Containers[0].VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	moved := strings.NewReplacer("/etc/claimgate/", dir+"/etc/claimgate/", "/var/lib/claimgate/", dir+"/var/lib/claimgate/")
	for _, v := range pod.Volumes {
		at, ok := mounts[v.Name]
		if !ok {
			t.Errorf("volume %s is not mounted", v.Name)
		}
		delete(mounts, v.Name)
		var content map[string]string
		var items []core.KeyToPath
		switch {
		case v.ConfigMap != nil:
			content, items = configMaps[v.ConfigMap.Name], v.ConfigMap.Items
		case v.Secret != nil:
			content, items = secrets[v.Secret.SecretName], v.Secret.Items
			if mode := v.Secret.DefaultMode; mode == nil || *mode&0o007 != 0 {
				t.Errorf("secret volume %s is readable by others", v.Name)
			}
		case v.EmptyDir != nil:
			write(t, filepath.Join(dir, at, ".keep"), "")
			continue
		}
		if len(content) == 0 {
			t.Fatalf("the source of volume %s is neither in the chart nor in its values", v.Name)
		}
		for _, name := range slices.Sorted(maps.Keys(content)) {
			path := name
			if items != nil {
				i := slices.IndexFunc(items, func(k core.KeyToPath) bool { return k.Key == name })
				if i < 0 {
					continue
				}
				path = items[i].Path
			}
			write(t, filepath.Join(dir, at, path), moved.Replace(content[name]))
		}
	}
	if len(mounts) > 0 {
		t.Errorf("mounts without a volume: %v", mounts)
	}
}
