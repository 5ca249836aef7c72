package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
)

var installs = []string{"minimal", "production", "loopback"}

func TestChartLints(t *testing.T) {
	for _, values := range installs {
		output(t, "helm", "lint", "--strict", "--quiet", "--values", ci(values), chart)
	}
}

// TestPodsAreConfined checks Kubernetes' restricted pod security standard, and more.
func TestPodsAreConfined(t *testing.T) {
	for _, values := range installs {
		objects := template(t, values)
		for _, account := range every[core.ServiceAccount](objects) {
			if v := account.AutomountServiceAccountToken; v == nil || *v {
				t.Errorf("%s: the service account has a token", values)
			}
		}
		pod := only[apps.Deployment](t, objects, "").Spec.Template.Spec
		if v := pod.AutomountServiceAccountToken; v == nil || *v {
			t.Errorf("%s: the pod has a token of the API server", values)
		}
		if v := pod.EnableServiceLinks; v == nil || *v {
			t.Errorf("%s: Services become environment variables", values)
		}
		s := pod.SecurityContext
		if s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser != 65532 || *s.RunAsGroup != 65532 {
			t.Errorf("%s: the pod does not run as 65532", values)
		}
		if s.SeccompProfile == nil || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
			t.Errorf("%s: no seccomp profile", values)
		}
		if pod.HostNetwork || pod.HostPID || pod.HostIPC {
			t.Errorf("%s: the pod shares the host's namespaces", values)
		}
		for _, c := range append(pod.Containers, pod.InitContainers...) {
			s := c.SecurityContext
			if s == nil || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
				t.Fatalf("%s: %s can write to its root file system", values, c.Name)
			}
			if s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation {
				t.Errorf("%s: %s can gain privileges", values, c.Name)
			}
			if s.Capabilities == nil || !cmp.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) || len(s.Capabilities.Add) > 0 {
				t.Errorf("%s: %s keeps capabilities", values, c.Name)
			}
			if c.Resources.Limits.Memory().IsZero() || c.Resources.Requests.Cpu().IsZero() {
				t.Errorf("%s: %s has no memory limit or no CPU request", values, c.Name)
			}
			for _, m := range c.VolumeMounts {
				if m.SubPath != "" {
					t.Errorf("%s: %s is mounted by subPath, which is never updated", values, m.MountPath)
				}
				if !m.ReadOnly && m.MountPath != "/var/lib/claimgate" {
					t.Errorf("%s: %s can be written to", values, m.MountPath)
				}
			}
		}
	}
}

// TestGoMemoryLimitIsBelowTheContainers checks that GOMEMLIMIT is nine tenths of the
// container's limit. The rest is for memory that the runtime does not count.
func TestGoMemoryLimitIsBelowTheContainers(t *testing.T) {
	for limit, want := range map[string]string{"512Mi": "460MiB", "100Mi": "90MiB", "2Gi": "1843MiB"} {
		d := only[apps.Deployment](t, template(t, "minimal", "--set", "resources.limits.memory="+limit), "")
		if got := variable(d, "GOMEMLIMIT"); got != want {
			t.Errorf("limits.memory %s: GOMEMLIMIT=%s, want %s", limit, got, want)
		}
	}
}

func variable(d *apps.Deployment, name string) string {
	for _, v := range d.Spec.Template.Spec.Containers[0].Env {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// TestShutdownFitsTheGracePeriod checks that the kubelet does not kill claimgate before
// its shutdown_grace is over.
func TestShutdownFitsTheGracePeriod(t *testing.T) {
	objects := template(t, "minimal", "--set", "shutdown.drainSeconds=7", "--set", "shutdown.graceSeconds=40")
	pod := only[apps.Deployment](t, objects, "").Spec.Template.Spec
	if got := *pod.TerminationGracePeriodSeconds; got <= 40 {
		t.Errorf("killed after %d s, before the 40 s are over", got)
	}
	for _, line := range []string{`shutdown_grace = "40s"`, `drain_delay = "7s"`} {
		if config := configToml(t, objects); !strings.Contains(config, line) {
			t.Errorf("config.toml has no %s:\n%s", line, config)
		}
	}
}

func configToml(t *testing.T, objects []any) string {
	t.Helper()
	return only[core.ConfigMap](t, objects, "-config").Data["config.toml"]
}

// TestOnlyConfigRestartsPods checks that a change of config.toml restarts the pods, and
// that a change of a file that claimgate watches does not.
func TestOnlyConfigRestartsPods(t *testing.T) {
	pod := func(more ...string) core.PodTemplateSpec {
		return only[apps.Deployment](t, template(t, "production", more...), "").Spec.Template
	}
	before := pod()
	if diff := cmp.Diff(before, pod("--set", `mapping.files.mapping\.toml=version = 1`)); diff != "" {
		t.Errorf("a change of the mapping restarts the pods:\n%s", diff)
	}
	if cmp.Equal(before, pod("--set", "config.log.level=debug")) {
		t.Error("a change of config.toml restarts nothing")
	}
}

// TestEmptyPeerListsAllowNoTraffic checks that an empty list makes no rule: in a
// NetworkPolicy, a rule without peers allows all.
func TestEmptyPeerListsAllowNoTraffic(t *testing.T) {
	lists := []string{"minio", "logout", "monitoring", "issuers.to", "issuers.ports", "redis.to", "redis.ports"}
	var all []string
	for _, list := range lists {
		all = append(all, "--set-json", "networkPolicy."+list+"=[]")
	}
	spec := only[networking.NetworkPolicy](t, template(t, "production", all...), "").Spec
	if len(spec.Ingress) != 0 {
		t.Errorf("without peers, traffic gets in: %v", spec.Ingress)
	}
	if len(spec.Egress) != 1 || spec.Egress[0].Ports[0].Port.IntValue() != 53 {
		t.Errorf("without peers, more than DNS gets out: %v", spec.Egress)
	}
	for _, values := range installs {
		spec := only[networking.NetworkPolicy](t, template(t, values), "").Spec
		if len(spec.PolicyTypes) != 2 {
			t.Errorf("%s: policyTypes %v leave a direction open", values, spec.PolicyTypes)
		}
		for _, rule := range spec.Ingress {
			if len(rule.From) == 0 || len(rule.Ports) == 0 {
				t.Errorf("%s: an ingress rule allows all peers or all ports", values)
			}
		}
		for _, rule := range spec.Egress {
			if len(rule.To) == 0 || len(rule.Ports) == 0 {
				t.Errorf("%s: an egress rule allows all peers or all ports", values)
			}
		}
	}
}

// TestAdminListenerIsReachedOnlyForMetrics checks that the admin listener, which needs no
// credentials, stays on the loopback without metrics.
func TestAdminListenerIsReachedOnlyForMetrics(t *testing.T) {
	objects := template(t, "loopback")
	if config := configToml(t, objects); !strings.Contains(config, `listen = "127.0.0.1:8081"`) {
		t.Errorf("without metrics the admin listener leaves the loopback:\n%s", config)
	}
	if n := len(every[core.Service](objects)); n != 1 {
		t.Errorf("%d Services, want only that of the webhook", n)
	}
	for _, c := range only[apps.Deployment](t, objects, "").Spec.Template.Spec.Containers {
		for _, p := range []*core.Probe{c.LivenessProbe, c.ReadinessProbe} {
			if p.Exec == nil {
				t.Error("a probe must run inside the container to reach the loopback")
			}
		}
	}
	objects = template(t, "production")
	for _, port := range only[core.Service](t, objects, "gate").Spec.Ports {
		if port.TargetPort.String() != "authz" {
			t.Errorf("the webhook's Service also has the port %s", port.TargetPort.String())
		}
	}
}

func TestDisruptionsLeaveAReplicaRunning(t *testing.T) {
	objects := template(t, "minimal")
	d := only[apps.Deployment](t, objects, "")
	budget := only[policy.PodDisruptionBudget](t, objects, "")
	if *d.Spec.Replicas != 2 || budget.Spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("%d replicas, of which %d may be unavailable", *d.Spec.Replicas, budget.Spec.MaxUnavailable.IntValue())
	}
	if d.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
		t.Error("an update stops a replica before its successor is ready")
	}
	labels := d.Spec.Template.Labels
	for name, selector := range map[string]map[string]string{
		"Deployment":          d.Spec.Selector.MatchLabels,
		"PodDisruptionBudget": budget.Spec.Selector.MatchLabels,
		"NetworkPolicy":       only[networking.NetworkPolicy](t, objects, "").Spec.PodSelector.MatchLabels,
		"Service":             only[core.Service](t, objects, "gate").Spec.Selector,
		"metrics Service":     only[core.Service](t, objects, "-metrics").Spec.Selector,
	} {
		if len(selector) == 0 {
			t.Errorf("%s selects everything", name)
		}
		for key, value := range selector {
			if labels[key] != value {
				t.Errorf("%s selects %s=%s, which the pods do not have", name, key, value)
			}
		}
	}
}

func TestMonitorFindsTheMetricsService(t *testing.T) {
	objects := template(t, "production")
	monitor := only[monitoring.ServiceMonitor](t, objects, "")
	service := only[core.Service](t, objects, "-metrics")
	for key, value := range monitor.Spec.Selector.MatchLabels {
		if service.Labels[key] != value {
			t.Errorf("the ServiceMonitor selects %s=%s, which the Service does not have", key, value)
		}
	}
	if public := only[core.Service](t, objects, "gate"); public.Labels["app.kubernetes.io/component"] == "metrics" {
		t.Error("the ServiceMonitor selects the webhook's Service too")
	}
	if monitor.Spec.Endpoints[0].Port != service.Spec.Ports[0].Name {
		t.Error("the ServiceMonitor's port is not a port of the Service")
	}
	if n := len(every[monitoring.ServiceMonitor](template(t, "minimal"))); n != 0 {
		t.Error("there is a ServiceMonitor that no value asks for")
	}
}

// TestChartHasTheRulesAndTheDashboard checks the chart's copies: Helm reads no file
// outside of a chart.
func TestChartHasTheRulesAndTheDashboard(t *testing.T) {
	for copied, original := range map[string]string{
		"claimgate.rules.yaml":     "prometheus/claimgate.rules.yaml",
		"claimgate.dashboard.json": "grafana/claimgate.dashboard.json",
	} {
		if read(t, "deploy/helm/claimgate/files", copied) != read(t, "deploy", original) {
			t.Errorf("cp deploy/%s deploy/helm/claimgate/files/%s", original, copied)
		}
	}
	objects := template(t, "production")
	if groups := only[monitoring.PrometheusRule](t, objects, "").Spec.Groups; len(groups) == 0 || len(groups[0].Rules) < 10 {
		t.Error("the PrometheusRule has too few rules")
	}
	if len(only[core.ConfigMap](t, objects, "-dashboard").Data["claimgate.json"]) < 1000 {
		t.Error("the ConfigMap of the dashboard is too small")
	}
}

func TestChartRefusesWrongValues(t *testing.T) {
	for name, c := range map[string]struct {
		set  []string
		says string
	}{
		"no issuer":                {[]string{"--set-json", "config.issuer=[]"}, "config.issuer"},
		"no caller token":          {[]string{"--set", "callerTokens.existingSecret="}, "callerTokens.existingSecret"},
		"no mapping":               {[]string{"--set", "mapping.existingConfigMap="}, "mapping.existingConfigMap"},
		"logouts not shared":       {[]string{"--set", "revocation.perReplica=false"}, "config.revocation.store"},
		"introspection, no secret": {[]string{"--set", "config.issuer[0].url=https://a.example/", "--set", "config.issuer[0].audiences[0]=a", "--set", "config.issuer[0].introspection.client_id=a"}, "introspection.existingSecret"},
		"unknown value":            {[]string{"--set", "replicas=3"}, "replicas"},
		"unknown key":              {[]string{"--set", "config.log.levl=debug"}, "levl"},
		"unknown section":          {[]string{"--set", "config.logs.level=debug"}, "logs"},
		"a key of the chart's":     {[]string{"--set", "config.server.listen=:9"}, "listen"},
		"wrong type":               {[]string{"--set-string", "config.cache.decision_entries=many"}, "decision_entries"},
		"wrong word":               {[]string{"--set", "config.owner.decision=maybe"}, "decision"},
		"drains too long":          {[]string{"--set", "shutdown.drainSeconds=11"}, "shutdown.drainSeconds"},
		"no replica":               {[]string{"--set", "replicaCount=0"}, "replicaCount"},
		"memory in another unit":   {[]string{"--set", "resources.limits.memory=1T"}, "memory"},
		"port as a word":           {[]string{"--set", "networkPolicy.issuers.ports[0]=https"}, "ports"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"template", "gate", chart, "--values", ci("minimal")}, c.set...)
			if said := refusal(t, "helm", args...); !strings.Contains(said, c.says) {
				t.Errorf("the message does not name %s:\n%s", c.says, said)
			}
		})
	}
}
