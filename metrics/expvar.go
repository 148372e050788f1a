package metrics

import (
	"encoding/json"
	"expvar"
	"strings"
)

// Var returns the metrics as a variable of package expvar, for example to publish: expvar.Publish("uvgo", m.Var()). It is
// an object with a member for each metric. A sample's name in that is its labels, as in "web/0" or
// "web/0,tcp". A histogram is an object with count, sum, and its buckets by their bounds.
func (r *Registry) Var() expvar.Var { return variable{r} }

type variable struct{ r *Registry }

var _ expvar.Var = variable{}

// String returns JSON.
func (v variable) String() string {
	type histogram struct {
		Count   uint64            `json:"count"`
		Sum     float64           `json:"sum"`
		Buckets map[string]uint64 `json:"buckets"`
	}
	all := make(map[string]map[string]any)
	for _, f := range v.r.Gather() {
		samples := make(map[string]any, len(f.Samples))
		for _, s := range f.Samples {
			values := make([]string, len(s.Labels))
			for i, l := range s.Labels {
				values[i] = l.Value
			}
			if f.Type != Histogram {
				samples[strings.Join(values, ",")] = s.Value
				continue
			}
			h := histogram{s.Count, s.Sum, make(map[string]uint64, len(s.Buckets))}
			for _, b := range s.Buckets {
				h.Buckets[number(b.UpTo)] = b.Count
			}
			samples[strings.Join(values, ",")] = h
		}
		all[f.Name] = samples
	}
	text, err := json.Marshal(all)
	if err != nil { // does not happen: there are numbers and strings only
		return "null"
	}
	return string(text)
}
