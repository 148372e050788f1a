package top

import (
	"math"
	"strings"
	"testing"
)

func order(v view, loops []loopRow) string {
	var names []string
	for _, l := range v.sorted(loops) {
		names = append(names, l.name)
	}
	return strings.Join(names, " ")
}

func TestLoopsAreSorted(t *testing.T) {
	loops := []loopRow{{name: "web/10", turns: 3}, {name: "web/9", turns: math.NaN()}, {name: "b", turns: 7}, {name: "1:web/2", turns: 3}, {name: "10:web/1"}, {name: "2:web/1"}}
	for _, tt := range []struct {
		v    view
		want string
	}{
		{view{}, "1:web/2 2:web/1 10:web/1 b web/9 web/10"},
		{view{up: true}, "web/10 web/9 b 10:web/1 2:web/1 1:web/2"},
		{view{sort: 5}, "b web/10 1:web/2 10:web/1 2:web/1 web/9"}, // those that are the same stay in their order
		{view{sort: 5, up: true}, "web/9 10:web/1 2:web/1 web/10 1:web/2 b"},
	} {
		if got := order(tt.v, loops); got != tt.want {
			t.Errorf("%+v: %s, want %s", tt.v, got, tt.want)
		}
	}
}

func TestColumnsThatDoNotFitAreLeftOut(t *testing.T) {
	columns := []column{{"NAME", true}, {"A", false}, {"B", false}}
	rows := [][]cell{{{"x", normal}, {"12345", bad}, {"1", normal}}}
	for wide, want := range map[int]string{0: "NAME      A  B|x     12345  1", 14: "NAME      A  B|x     12345  1", 13: "NAME      A|x     12345", 3: "NAME|x   "} {
		var got []string
		for _, l := range table(columns, rows, -1, false, wide) {
			got = append(got, l.String())
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%d columns: %q, want %q", wide, got, want)
		}
	}
}
