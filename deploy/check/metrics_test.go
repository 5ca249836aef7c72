package check

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// metric is what an expression expects of one: its name and labels.
type metric struct {
	name   string
	labels []string
}

// TestEveryMetricThatIsAskedForExists compares the alerts and the dashboard with
// what a running claimgate shows.
func TestEveryMetricThatIsAskedForExists(t *testing.T) {
	expressions := append(alertExpressions(t), dashboardExpressions(t)...)
	if len(expressions) < 40 {
		t.Fatalf("%d expressions: some are not read", len(expressions))
	}
	shown := shownMetrics(t)
	for _, expression := range expressions {
		for _, m := range metricsOf(t, expression) {
			if strings.HasPrefix(m.name, "minio_") || m.name == "up" {
				continue // of MinIO and of Prometheus
			}
			labels, ok := shown[m.name]
			if !ok {
				t.Errorf("claimgate shows no %s, which is asked for by %s", m.name, expression)
				continue
			}
			for _, label := range m.labels {
				if !slices.Contains(labels, label) {
					t.Errorf("%s has no label %s (it has %v), which is asked for by %s", m.name, label, labels, expression)
				}
			}
		}
	}
}

// TestEveryMetricOfClaimgateIsOnTheDashboard, so that what is counted is seen.
func TestEveryMetricOfClaimgateIsOnTheDashboard(t *testing.T) {
	asked := map[string]bool{}
	for _, expression := range dashboardExpressions(t) {
		for _, m := range metricsOf(t, expression) {
			asked[family(m.name)] = true
		}
	}
	for name := range shownMetrics(t) {
		if strings.HasPrefix(name, "claimgate_") && !asked[family(name)] {
			t.Errorf("%s is on no panel of the dashboard", name)
		}
	}
}

// family is a metric without what a histogram adds to its name.
func family(name string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// targetLabels are those that Prometheus adds.
var targetLabels = []string{"job", "instance"}

func shownMetrics(t *testing.T) map[string][]string {
	t.Helper()
	_, admin := serve(t)
	resp, err := http.Get(admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string][]string{}
	for name, f := range families {
		labels := slices.Clone(targetLabels)
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		shown[name] = labels
		if f.GetType() == io_prometheus_client.MetricType_HISTOGRAM {
			shown[name+"_bucket"], shown[name+"_count"], shown[name+"_sum"] = append(labels, "le"), labels, labels
		}
	}
	return shown
}

// metricsOf finds the metrics of an expression with the labels that selectors and
// aggregations name. A label of an aggregation is expected of every metric below.
func metricsOf(t *testing.T, expression string) []metric {
	t.Helper()
	e, err := parser.NewParser(parser.Options{}).ParseExpr(expression)
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	var found []metric
	parser.Inspect(e, func(node parser.Node, path []parser.Node) error {
		selector, ok := node.(*parser.VectorSelector)
		if !ok {
			return nil
		}
		labels := map[string]bool{}
		for _, m := range selector.LabelMatchers {
			if m.Name != "__name__" {
				labels[m.Name] = true
			}
		}
		for _, above := range path {
			if a, ok := above.(*parser.AggregateExpr); ok && !a.Without {
				for _, l := range a.Grouping {
					labels[l] = true
				}
			}
		}
		found = append(found, metric{selector.Name, slices.Sorted(maps.Keys(labels))})
		return nil
	})
	return found
}

func alertExpressions(t *testing.T) []string {
	t.Helper()
	var expressions []string
	for _, r := range alerts(t) {
		expressions = append(expressions, r.Expr)
	}
	return expressions
}

type alert struct{ Alert, Expr string }

func alerts(t *testing.T) []alert {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alert } }
	if err := yaml.Unmarshal([]byte(read(t, "deploy/prometheus/claimgate.rules.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	var all []alert
	for _, g := range file.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// dashboardExpressions are those of all panels, annotations and variables, with
// Grafana's own variables filled in.
func dashboardExpressions(t *testing.T) []string {
	t.Helper()
	var d struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
		Annotations struct{ List []struct{ Expr string } }
	}
	if err := json.Unmarshal([]byte(read(t, "deploy/grafana/claimgate.dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	var expressions []string
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			expressions = append(expressions, target.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		expressions = append(expressions, a.Expr)
	}
	for i := range expressions {
		expressions[i] = strings.ReplaceAll(expressions[i], "$__rate_interval", "5m")
	}
	return expressions
}
