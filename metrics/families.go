package metrics

// Families returns every metric that [Registry.Gather] may return, in the same order and without samples: for formats that have to know
// them in advance.
func Families() []Family {
	out := []Family{info}
	out = described(out, loopMetrics)
	out = described(out, serverMetrics)
	out = described(out, httpMetrics)
	return described(out, netMetrics)
}

func described[S any](out []Family, metrics []metric[S]) []Family {
	for _, d := range metrics {
		out = append(out, Family{Name: d.name, Help: d.help, Type: d.typ, Unit: d.unit})
	}
	return out
}

var info = Family{Name: "uvgo_info", Help: "What uvgo is linked with; always 1.", Type: Gauge}
