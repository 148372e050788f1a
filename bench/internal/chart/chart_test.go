package chart

import (
	"bytes"
	"encoding/xml"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// drawn checks that a chart is well-formed, has an opaque background that comes first, and these texts.
func drawn(t *testing.T, svg []byte, err error, texts ...string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, svg)
		}
		if text, ok := token.(xml.CharData); ok {
			got = append(got, strings.TrimSpace(string(text)))
		}
	}
	all := strings.Join(got, "|")
	for _, want := range texts {
		if !strings.Contains(all, want) {
			t.Errorf("no %q among %s", want, all)
		}
	}
	if path := bytes.Index(svg, []byte("<path")); path < 0 || !bytes.Contains(svg[path:path+200], []byte("fill:#FFFFFF")) {
		t.Errorf("the first thing drawn is not a white background:\n%s", svg[:min(len(svg), 600)])
	}
	for _, bad := range []string{"NaN", "Inf", "opacity"} {
		if bytes.Contains(svg, []byte(bad)) {
			t.Errorf("%s in\n%s", bad, svg)
		}
	}
}

func TestMain(m *testing.M) { uvtest.Main(m) }

func TestBars(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	svg, err := Bars("title", "axis", []Bar{
		{Label: "first", Value: 30e3, Low: 20e3, High: 40e3, Text: "thirty"}, {Label: "second", Value: 1, Low: math.NaN(), High: math.NaN(), Text: "one", Kind: InPython},
	})
	drawn(t, svg, err, "title", "axis", "first", "second", "thirty", "one", "20 k")
	if first, second := bytes.Index(svg, []byte(">thirty")), bytes.Index(svg, []byte(">one")); first > second {
		t.Error("the order of the bars is not kept")
	}
}

func TestLines(t *testing.T) {
	uvtest.Watchdog(t, time.Minute)
	f := Frame{Title: "title", X: "x", Y: "y", LogX: true, LogY: true, XTicks: []plot.Tick{{Value: 1, Label: "uno"}, {Value: 1000, Label: "mille"}}}
	svg, err := Lines(f, []Line{{Label: "a", Strong: true, X: []float64{1, 100, 1000}, Y: []float64{5, math.NaN(), 5000}}, {Label: "b", Series: 17, X: []float64{1, 1000}, Y: []float64{7, 7}}})
	drawn(t, svg, err, "title", "x", "y", "uno", "mille", "a", "b", "10", "100", "1000")
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.5: "0.5", 1000: "1000", 25000: "25 k", 1.5e6: "1.5 M", 2e9: "2 G"} {
		if got := Short(v); got != want {
			t.Errorf("Short(%v) = %q, want %q", v, got, want)
		}
	}
}
