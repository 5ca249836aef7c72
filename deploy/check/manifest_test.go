package check

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const chart = root + "/deploy/helm/claimgate"

// kinds are the kinds that the chart may make. decode fails on another kind.
var kinds = map[string]reflect.Type{
	"apps/v1 Deployment":                      reflect.TypeFor[apps.Deployment](),
	"v1 ConfigMap":                            reflect.TypeFor[core.ConfigMap](),
	"v1 Service":                              reflect.TypeFor[core.Service](),
	"v1 ServiceAccount":                       reflect.TypeFor[core.ServiceAccount](),
	"networking.k8s.io/v1 NetworkPolicy":      reflect.TypeFor[networking.NetworkPolicy](),
	"policy/v1 PodDisruptionBudget":           reflect.TypeFor[policy.PodDisruptionBudget](),
	"monitoring.coreos.com/v1 ServiceMonitor": reflect.TypeFor[monitoring.ServiceMonitor](),
	"monitoring.coreos.com/v1 PrometheusRule": reflect.TypeFor[monitoring.PrometheusRule](),
}

// decode reads the documents of a rendered chart. An unknown member, a wrong type or a
// duplicate member fails the test.
func decode(t *testing.T, rendered string) []any {
	t.Helper()
	var objects []any
	for document := range strings.SplitSeq(rendered, "\n---\n") {
		document = strings.TrimPrefix(document, "---\n")
		var head meta.TypeMeta
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		if head.Kind == "" {
			t.Fatalf("a document without a kind:\n%s", document)
		}
		kind, ok := kinds[head.APIVersion+" "+head.Kind]
		if !ok {
			t.Fatalf("the chart must not make a %s %s", head.APIVersion, head.Kind)
		}
		object := reflect.New(kind).Interface()
		if err := yaml.UnmarshalStrict([]byte(document), object); err != nil {
			t.Fatalf("%v\n%s", err, document)
		}
		objects = append(objects, object)
	}
	return objects
}

// template renders the chart with one of its ci/ files and decodes the result.
func template(t *testing.T, values string, more ...string) []any {
	t.Helper()
	args := append([]string{"template", "gate", chart, "--namespace", "storage", "--values", ci(values)}, more...)
	return decode(t, output(t, "helm", args...))
}

func ci(values string) string { return filepath.Join(chart, "ci", values+"-values.yaml") }

// only returns the only object of a type whose name ends in suffix.
func only[T any](t *testing.T, objects []any, suffix string) *T {
	t.Helper()
	var found []*T
	for _, o := range objects {
		typed, ok := o.(*T)
		if ok && strings.HasSuffix(o.(meta.Object).GetName(), suffix) {
			found = append(found, typed)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d objects of type %T with a name in %q, want one", len(found), new(T), suffix)
	}
	return found[0]
}

// every returns all objects of a type.
func every[T any](objects []any) []*T {
	var found []*T
	for _, o := range objects {
		if typed, ok := o.(*T); ok {
			found = append(found, typed)
		}
	}
	return found
}
