package deploy

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

const root = "../../"

// read returns a file of the repository.
func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// manifests are the objects of deploy/kubernetes.
type manifests struct {
	deployment appsv1.Deployment
	service    corev1.Service
	budget     policyv1.PodDisruptionBudget
	autoscaler autoscalingv2.HorizontalPodAutoscaler
	maps       map[string]corev1.ConfigMap
}

// load decodes every document strictly: a field that the type does not have is an error.
func load(t *testing.T) *manifests {
	t.Helper()
	m := &manifests{maps: map[string]corev1.ConfigMap{}}
	files, err := filepath.Glob(root + "deploy/kubernetes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no manifests", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range bytes.Split(text, []byte("\n---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(doc, &kind); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			var into any
			var config corev1.ConfigMap
			switch kind.APIVersion + " " + kind.Kind {
			case "apps/v1 Deployment":
				into = &m.deployment
			case "v1 Service":
				into = &m.service
			case "policy/v1 PodDisruptionBudget":
				into = &m.budget
			case "autoscaling/v2 HorizontalPodAutoscaler":
				into = &m.autoscaler
			case "v1 ConfigMap":
				into = &config
			case "kustomize.config.k8s.io/v1beta1 Kustomization":
				into = &struct {
					metav1.TypeMeta `json:",inline"`
					Resources       []string `json:"resources"`
				}{}
			default:
				t.Fatalf("%s: %+v is not known here", file, kind)
			}
			if err := yaml.UnmarshalStrict(doc, into); err != nil {
				t.Errorf("%s: %v", file, err)
			}
			if config.Name != "" {
				m.maps[config.Name] = config
			}
		}
	}
	return m
}

func TestManifestsBelongTogether(t *testing.T) {
	m := load(t)
	labels := m.deployment.Spec.Template.Labels
	for name, selector := range map[string]map[string]string{
		"Deployment": m.deployment.Spec.Selector.MatchLabels, "Service": m.service.Spec.Selector, "PodDisruptionBudget": m.budget.Spec.Selector.MatchLabels,
	} {
		if len(selector) == 0 {
			t.Errorf("%s selects nothing", name)
		}
		for k, v := range selector {
			if labels[k] != v {
				t.Errorf("%s selects %s=%s, and the pods have %v", name, k, v, labels)
			}
		}
	}
	if ref := m.autoscaler.Spec.ScaleTargetRef; ref.Kind != "Deployment" || ref.Name != m.deployment.Name || ref.APIVersion != m.deployment.APIVersion {
		t.Errorf("the autoscaler is for %+v", ref)
	}
	c := m.deployment.Spec.Template.Spec.Containers[0]
	ports := map[string]bool{}
	for _, p := range c.Ports {
		ports[p.Name] = true
	}
	if p := m.service.Spec.Ports[0].TargetPort.StrVal; !ports[p] {
		t.Errorf("the service's port is %q, the container has %v", p, ports)
	}
	for name, probe := range map[string]*corev1.Probe{"startup": c.StartupProbe, "readiness": c.ReadinessProbe, "liveness": c.LivenessProbe} {
		if probe == nil || probe.HTTPGet == nil || !ports[probe.HTTPGet.Port.StrVal] {
			t.Errorf("the %s probe is %+v", name, probe)
			continue
		}
		if isHealth := probe.HTTPGet.Path == "/healthz"; isHealth == (name == "liveness") { // a drain is 503 there
			t.Errorf("the %s probe asks for %s", name, probe.HTTPGet.Path)
		}
	}
	for _, v := range m.deployment.Spec.Template.Spec.Volumes {
		if _, ok := m.maps[v.ConfigMap.Name]; !ok {
			t.Errorf("there is no ConfigMap %s", v.ConfigMap.Name)
		}
	}
}

// flag returns the value of a flag among arguments.
func flag(t *testing.T, args []string, name string) string {
	t.Helper()
	for i, arg := range args {
		if v, ok := strings.CutPrefix(arg, "--"+name+"="); ok {
			return v
		}
		if arg == "--"+name && i+1 < len(args) {
			return args[i+1]
		}
	}
	t.Fatalf("no --%s in %v", name, args)
	return ""
}

// span is flag for a duration.
func span(t *testing.T, args []string, name string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(flag(t, args, name))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// knowsFlags fails the test for a flag that the program uvgo does not have.
func knowsFlags(t *testing.T, args []string) {
	t.Helper()
	var source []byte
	files, _ := filepath.Glob(root + "cmd/uvgo/*.go")
	for _, f := range files {
		source = append(source, read(t, strings.TrimPrefix(f, root))...)
	}
	for _, arg := range args {
		if name, ok := strings.CutPrefix(arg, "--"); ok && name != "" {
			name, _, _ = strings.Cut(name, "=")
			if !bytes.Contains(source, []byte(`"`+name+`"`)) {
				t.Errorf("uvgo has no flag --%s", name)
			}
		}
	}
}

func TestThereIsTimeToDrain(t *testing.T) {
	spec := load(t).deployment.Spec.Template.Spec
	c := spec.Containers[0]
	knowsFlags(t, c.Args)
	before := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds) * time.Second
	need := before + span(t, c.Args, "grace") + span(t, c.Args, "drain")
	if limit := time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second; limit <= need {
		t.Errorf("the pod is killed after %v, and may need %v", limit, need)
	}
}

// TestTheMetricExists: what the autoscaler asks for is what the adapter makes, of a histogram that docs/metrics.md lists.
func TestTheMetricExists(t *testing.T) {
	m := load(t)
	var config struct {
		Rules []struct {
			SeriesQuery string `json:"seriesQuery"`
			Resources   struct {
				Overrides map[string]struct {
					Resource string `json:"resource"`
				} `json:"overrides"`
			} `json:"resources"`
			Name struct {
				Matches string `json:"matches"`
				As      string `json:"as"`
			} `json:"name"`
			MetricsQuery string `json:"metricsQuery"`
		} `json:"rules"`
	}
	if err := yaml.UnmarshalStrict([]byte(m.maps["uvgo-prometheus-adapter"].Data["config.yaml"]), &config); err != nil {
		t.Fatal(err)
	}
	rule := config.Rules[0]
	if got := m.autoscaler.Spec.Metrics[0].Pods.Metric.Name; got != rule.Name.As {
		t.Errorf("the autoscaler asks for %s, the adapter makes %s", got, rule.Name.As)
	}
	series := regexp.MustCompile(`^\w+`).FindString(rule.SeriesQuery)
	if ok, err := regexp.MatchString(rule.Name.Matches, series); err != nil || !ok {
		t.Errorf("the rule is for %s, not for %s", rule.Name.Matches, series)
	}
	histogram, isBucket := strings.CutSuffix(series, "_bucket")
	if docs := string(read(t, "docs/metrics.md")); !isBucket || !strings.Contains(docs, "`"+histogram+"`") {
		t.Errorf("docs/metrics.md does not list %s", histogram)
	}
	if !slices.Contains([]string{"pod"}, rule.Resources.Overrides["pod"].Resource) || rule.Resources.Overrides["namespace"].Resource != "namespace" {
		t.Errorf("the rule has the resources %v", rule.Resources.Overrides)
	}
}
