package uvtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const table = "# area\tname\tbehaviour\n" +
	"timer\ttimer_again\tstarts over\n" +
	"\n" +
	"loop\trun_once\tone turn\n" +
	"timer\ttimer_init\tinactive\n"

func TestConformanceRunsRowsOfItsAreas(t *testing.T) {
	var ran []string
	Conformance(t, "testdata/rows.tsv", []string{"loop", "timer"}, map[string]func(*testing.T){
		"run_once":    func(t *testing.T) { ran = append(ran, t.Name()) },
		"timer_again": func(t *testing.T) { ran = append(ran, t.Name()) },
	}, nil)
	want := []string{t.Name() + "/timer_again", t.Name() + "/run_once"}
	if diff := cmp.Diff(want, ran); diff != "" {
		t.Error(diff)
	}
}

func TestConformanceGate(t *testing.T) {
	test := func(*testing.T) {}
	type tests = map[string]func(*testing.T)
	type except = map[string]string
	for _, tt := range []struct {
		name         string
		table        string
		areas        []string
		tests        tests
		except       except
		runs, report []string
	}{
		{"complete", table, []string{"timer"}, tests{"timer_again": test, "timer_init": test}, nil,
			[]string{"timer_again", "timer_init"}, nil},
		{"excepted", table, []string{"timer"}, tests{"timer_again": test}, except{"timer_init": "no such call in Go"},
			[]string{"timer_again"}, nil},
		{"row without subtest", table, []string{"timer"}, tests{"timer_again": test}, nil,
			[]string{"timer_again"}, []string{"line 5: timer_init (timer) has no subtest"}},
		{"subtest without row", table, []string{"loop"}, tests{"run_once": test, "run_twice": test}, nil,
			[]string{"run_once"}, []string{"subtest run_twice has no row in loop"}},
		{"subtest of another area", table, []string{"loop"}, tests{"run_once": test, "timer_init": test}, nil,
			[]string{"run_once"}, []string{"subtest timer_init has no row in loop"}},
		{"stale exception", table, []string{"loop"}, tests{"run_once": test}, except{"gone": "why"},
			[]string{"run_once"}, []string{"exception gone has no row in loop"}},
		{"exception with subtest", table, []string{"loop"}, tests{"run_once": test}, except{"run_once": "why"},
			nil, []string{"line 4: run_once is an exception, yet has a subtest"}},
		{"exception without reason", table, []string{"loop"}, nil, except{"run_once": ""},
			nil, []string{"line 4: run_once is an exception without a reason"}},
		{"unknown area", table, []string{"lop"}, nil, nil,
			nil, []string{"area lop has no rows"}},
		{"row twice", "a\tx\na\tx\n", []string{"a"}, tests{"x": test}, nil,
			[]string{"x"}, []string{"line 2: x occurs twice"}},
		{"broken row", "a\tx\nb y\n", []string{"a"}, tests{"x": test}, nil,
			[]string{"x"}, []string{"line 2 has no area and name"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			runs, report := matchRows(tt.table, tt.areas, tt.tests, tt.except)
			if diff := cmp.Diff(tt.runs, runs); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.report, report); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAreas(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rows.tsv")
	if err := os.WriteFile(file, []byte("# area\tname\n\nloop\ta\ttext\ntcp\tb\nloop\tc\ntls\td\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"loop", "tcp"}, Areas(t, file, "tls")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
