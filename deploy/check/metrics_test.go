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
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"sigs.k8s.io/yaml"
)

// metric is a metric that an expression uses: its name, its labels and their matchers.
type metric struct {
	name     string
	labels   []string
	matchers []*labels.Matcher
}

// TestAlertsAndDashboardUseExistingMetrics compares the alerts and the dashboard with
// the metrics of a running claimgate.
func TestAlertsAndDashboardUseExistingMetrics(t *testing.T) {
	expressions := append(alertExpressions(t), dashboardExpressions(t)...)
	if len(expressions) < 40 {
		t.Fatalf("only %d expressions were found", len(expressions))
	}
	shown, series := shownMetrics(t)
	for _, expression := range expressions {
		for _, m := range metricsOf(t, expression) {
			if strings.HasPrefix(m.name, "minio_") || m.name == "up" {
				continue // of MinIO and of Prometheus
			}
			has, ok := shown[m.name]
			if !ok {
				t.Errorf("claimgate has no metric %s, which is used by %s", m.name, expression)
				continue
			}
			// increase() misses the first event of a series that does not start at zero.
			if !slices.ContainsFunc(series[family(m.name)], m.matches) {
				t.Errorf("no series of %s matches %v of %s", m.name, m.matchers, expression)
			}
			for _, label := range m.labels {
				if !slices.Contains(has, label) {
					t.Errorf("%s has no label %s (it has %v), which is used by %s", m.name, label, has, expression)
				}
			}
		}
	}
}

// TestDashboardShowsEveryMetric checks that a panel uses each metric of claimgate.
func TestDashboardShowsEveryMetric(t *testing.T) {
	asked := map[string]bool{}
	for _, expression := range dashboardExpressions(t) {
		for _, m := range metricsOf(t, expression) {
			asked[family(m.name)] = true
		}
	}
	shown, _ := shownMetrics(t)
	for name := range shown {
		if strings.HasPrefix(name, "claimgate_") && !asked[family(name)] {
			t.Errorf("%s is on no panel of the dashboard", name)
		}
	}
}

// family returns the name of a metric without the suffixes of a histogram.
func family(name string) string {
	for _, suffix := range []string{"_bucket", "_count", "_sum"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// targetLabels are the labels that Prometheus adds.
var targetLabels = []string{"job", "instance"}

// shownMetrics returns the labels of each metric, and the series of each family.
func shownMetrics(t *testing.T) (shown map[string][]string, series map[string][]map[string]string) {
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
	shown, series = map[string][]string{}, map[string][]map[string]string{}
	for name, f := range families {
		for _, one := range f.GetMetric() {
			values := map[string]string{}
			for _, l := range one.GetLabel() {
				values[l.GetName()] = l.GetValue()
			}
			series[family(name)] = append(series[family(name)], values)
		}
		has := slices.Clone(targetLabels)
		for _, l := range f.GetMetric()[0].GetLabel() {
			has = append(has, l.GetName())
		}
		shown[name] = has
		if f.GetType() == io_prometheus_client.MetricType_HISTOGRAM {
			shown[name+"_bucket"], shown[name+"_count"], shown[name+"_sum"] = append(has, "le"), has, has
		}
	}
	return shown, series
}

// matches compares the labels that claimgate sets. It skips those that Prometheus adds,
// for which a dashboard has variables.
func (m metric) matches(series map[string]string) bool {
	for _, matcher := range m.matchers {
		if !slices.Contains(targetLabels, matcher.Name) && matcher.Name != model.MetricNameLabel && !matcher.Matches(series[matcher.Name]) {
			return false
		}
	}
	return true
}

// metricsOf returns the metrics of an expression, with the labels of selectors and
// aggregations. Every metric inside an aggregation must have the aggregation's labels.
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
		used := map[string]bool{}
		for _, m := range selector.LabelMatchers {
			if m.Name != model.MetricNameLabel {
				used[m.Name] = true
			}
		}
		for _, above := range path {
			if a, ok := above.(*parser.AggregateExpr); ok && !a.Without {
				for _, l := range a.Grouping {
					used[l] = true
				}
			}
		}
		found = append(found, metric{selector.Name, slices.Sorted(maps.Keys(used)), selector.LabelMatchers})
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

// dashboardExpressions returns the expressions of all panels, annotations and variables,
// with values for Grafana's own variables.
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
			t.Errorf("panel %q has no expression", p.Title)
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
