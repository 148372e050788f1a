package metrics_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
	"github.com/uvgo/uvgo/uvhttp"
)

// What Grafana's schema has and the dashboard uses. A name that is not here is a spelling mistake, or belongs here.
type (
	dashboard struct {
		Title, UID, Refresh    string
		Tags                   []string
		SchemaVersion, Version int
		Editable               bool
		Time                   struct{ From, To string }
		Templating             struct{ List []variable }
		Panels                 []panel
	}
	datasource struct{ Type, UID string }
	variable   struct {
		Name, Label, Type, Query, AllValue string
		Datasource                         *datasource
		Refresh                            int
		Multi, IncludeAll                  bool
		Current                            struct{ Text, Value string }
	}
	panel struct {
		ID                       int
		Type, Title, Description string
		Collapsed                bool
		Datasource               *datasource
		GridPos                  struct{ H, W, X, Y int }
		FieldConfig              *struct {
			Defaults struct {
				Unit   string
				Min    int
				Custom struct {
					DrawStyle, ShowPoints string
					FillOpacity           int
				}
			}
			Overrides []struct{}
		}
		Options *struct {
			Legend struct {
				DisplayMode, Placement string
				ShowLegend             bool
			}
			Tooltip struct{ Mode, Sort string }
		}
		Targets []struct {
			RefID, Expr, LegendFormat string
			Datasource                datasource
		}
		Panels []struct{}
	}
)

// written are the names of samples that the package writes for everything that can be registered, and the labels of each.
func written(t *testing.T) map[string][]string {
	t.Helper()
	var r metrics.Registry
	srv := &uvhttp.Server{}
	uvtest.Must(r.HTTP("http", srv))
	uvtest.Must(r.Server("echo", serveEcho(t, 1)))
	uvtest.Must(r.Net("net", nil))
	all := make(map[string][]string)
	for _, f := range r.Gather() {
		labels := []string{"job", "instance"} // Prometheus adds these
		for _, l := range f.Samples[0].Labels {
			labels = append(labels, l.Name)
		}
		if f.Type != metrics.Histogram {
			all[f.Name] = labels
			continue
		}
		all[f.Name+"_sum"], all[f.Name+"_count"] = labels, labels
		all[f.Name+"_bucket"] = append(slices.Clone(labels), "le")
	}
	return all
}

var (
	metricName  = regexp.MustCompile(`uvgo_\w+`)
	selector    = regexp.MustCompile(`(uvgo_\w+)\{([^}]*)\}`)
	matchedName = regexp.MustCompile(`(\w+)=~"\$(\w+)"`)
	legendLabel = regexp.MustCompile(`\{\{(\w+)\}\}`)
)

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	file := uvtest.Must(os.Open("../deploy/grafana/uvgo.json"))
	defer file.Close()
	in := json.NewDecoder(file)
	in.DisallowUnknownFields()
	uvtest.Check(t, in.Decode(&d))
	return d
}

// TestPrometheusParsesTheDashboardsQueries has promtool read them, as rules.
func TestPrometheusParsesTheDashboardsQueries(t *testing.T) {
	promtool := tool(t, "promtool")
	rules := []byte("groups:\n- name: uvgo\n  rules:\n")
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			expr := strings.ReplaceAll(q.Expr, "$__rate_interval", "1m")
			rules = fmt.Appendf(rules, "  - record: a:b\n    expr: %q\n    labels: {panel: %q}\n", expr, p.Title+q.RefID)
		}
	}
	path := filepath.Join(t.TempDir(), "rules.yml")
	uvtest.Check(t, os.WriteFile(path, rules, 0o600))
	if out, err := exec.Command(promtool, "check", "rules", path).CombinedOutput(); err != nil {
		t.Errorf("promtool check rules: %v\n%s", err, out)
	}
}

// TestGrafanaDashboard: Grafana can show the dashboard, whose panels ask for metrics and labels that exist, and for each
// metric that exists.
func TestGrafanaDashboard(t *testing.T) {
	d := readDashboard(t)
	names := written(t)
	variables := make(map[string]bool)
	for _, v := range d.Templating.List {
		variables[v.Name] = true
	}
	used := make(map[string]bool)
	look := func(where, query string) {
		for _, name := range metricName.FindAllString(query, -1) {
			used[name] = true
			if names[name] == nil {
				t.Errorf("%s: no metric is called %s", where, name)
			}
		}
		for _, s := range selector.FindAllStringSubmatch(query, -1) {
			for _, m := range matchedName.FindAllStringSubmatch(s[2], -1) {
				if !slices.Contains(names[s[1]], m[1]) {
					t.Errorf("%s: %s has no label %s", where, s[1], m[1])
				}
				if !variables[m[2]] {
					t.Errorf("%s: there is no variable $%s", where, m[2])
				}
			}
		}
		if strings.Count(query, "(") != strings.Count(query, ")") {
			t.Errorf("%s: the parentheses of %s", where, query)
		}
	}
	for _, v := range d.Templating.List {
		look("variable "+v.Name, v.Query)
	}
	ids, cells := make(map[int]string), make(map[[2]int]string)
	for _, p := range d.Panels {
		if other := ids[p.ID]; other != "" || p.ID <= 0 {
			t.Errorf("panel %q has the id %d, as %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		g := p.GridPos
		if g.W <= 0 || g.H <= 0 || g.X < 0 || g.X+g.W > 24 {
			t.Errorf("panel %q is not on the grid: %+v", p.Title, g)
		}
		for x := g.X; x < g.X+g.W; x++ {
			for y := g.Y; y < g.Y+g.H; y++ {
				if other := cells[[2]int{x, y}]; other != "" {
					t.Fatalf("panel %q overlaps %q", p.Title, other)
				}
				cells[[2]int{x, y}] = p.Title
			}
		}
		if p.Type == "row" {
			continue
		}
		if p.Datasource == nil || p.FieldConfig == nil || p.FieldConfig.Defaults.Unit == "" || len(p.Targets) == 0 {
			t.Errorf("panel %q lacks a data source, a unit or a query", p.Title)
		}
		refs := make(map[string]bool)
		for _, q := range p.Targets {
			if refs[q.RefID] {
				t.Errorf("panel %q has two queries %s", p.Title, q.RefID)
			}
			refs[q.RefID] = true
			look(p.Title, q.Expr)
			for _, l := range legendLabel.FindAllStringSubmatch(q.LegendFormat, -1) {
				if name := metricName.FindString(q.Expr); !slices.Contains(names[name], l[1]) {
					t.Errorf("panel %q: %s has no label %s", p.Title, name, l[1])
				}
			}
		}
	}
	for name := range names {
		family := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		if !used[name] && !used[family+"_bucket"] && !used[family+"_sum"] {
			t.Errorf("no panel shows %s", name)
		}
	}
}
