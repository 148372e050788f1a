package promtext_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/cmd/uvgo/internal/promtext"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/metrics"
)

// TestWhatIsWrittenIsRead: Parse gives back what WriteText got.
func TestWhatIsWrittenIsRead(t *testing.T) {
	label := func(kv ...string) (all []metrics.Label) {
		for i := 0; i < len(kv); i += 2 {
			all = append(all, metrics.Label{Name: kv[i], Value: kv[i+1]})
		}
		return all
	}
	want := []metrics.Family{
		{Name: "a_total", Help: "A \\ and\na second line.", Type: metrics.Counter, Samples: []metrics.Sample{
			{Labels: label("loop", "a\"b\\c\nd,}= e", "kind", ""), Value: 1e18}, {Value: 0.25},
		}},
		{Name: "b", Help: "B.", Type: metrics.Gauge, Samples: []metrics.Sample{{Labels: label("x", "1"), Value: -3}}},
		{Name: "c_seconds", Help: "C.", Type: metrics.Histogram, Samples: []metrics.Sample{
			{Labels: label("loop", "x"), Buckets: []metrics.Bucket{{UpTo: 1e-6, Count: 1}, {UpTo: 17, Count: 4}}, Sum: 3.5, Count: 6},
			{Labels: label("loop", "y"), Buckets: []metrics.Bucket{{UpTo: 1e-6, Count: 0}, {UpTo: 17, Count: 0}}},
		}},
	}
	var text strings.Builder
	uvtest.Must(metrics.WriteText(&text, want))
	got := uvtest.Must(promtext.Parse(strings.NewReader(text.String())))
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestOthersTextIsRead(t *testing.T) {
	got := uvtest.Must(promtext.Parse(strings.NewReader("\n# a comment\n  untyped{ x = \"1\" , y=\"2\", } 3 1700000000000\n" +
		"# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 1\nz_bucket{le=\"1\"} 2\n")))
	names := ""
	for _, f := range got {
		names += f.Name + " "
	}
	if names != "untyped s s_sum z_bucket " || got[0].Samples[0].Value != 3 || len(got[0].Samples[0].Labels) != 2 {
		t.Errorf("%q: %+v", names, got)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"a 1\n<html>\n":                     "line 2",
		"a":                                 "is no sample",
		"a x":                               "is not a number",
		"a{b 1":                             "have no end",
		"a{b=1} 1":                          "no value in quotes",
		"a{b=\"1} 1":                        "no value in quotes",
		"# TYPE h histogram\nh_bucket 1":    "the bound",
		strings.Repeat("x", 2<<20) + " 1\n": "too long",
	} {
		if _, err := promtext.Parse(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_sum 1\nh_count 3\na{b=\"\\n\"} 1 5\n")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := promtext.Parse(strings.NewReader(text))
		if err != nil {
			return
		}
		var again strings.Builder
		uvtest.Must(metrics.WriteText(&again, all))
		if _, err := promtext.Parse(strings.NewReader(again.String())); err != nil {
			t.Errorf("what was read of %q cannot be read again: %v\n%s", text, err, &again)
		}
	})
}
