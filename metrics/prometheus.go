package metrics

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// ContentType is the media type of Prometheus's text format.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

var _ http.Handler = (*Registry)(nil)

// ServeHTTP answers with all metrics in Prometheus's text format. Methods other than GET and HEAD are refused.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	var text bytes.Buffer
	_, _ = r.WriteTo(&text) // a Buffer accepts everything
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
	if req.Method == http.MethodGet {
		_, _ = w.Write(text.Bytes()) // an error is the client's end
	}
}

// WriteTo writes all metrics in Prometheus's text format, in one call of w.Write.
func (r *Registry) WriteTo(w io.Writer) (int64, error) { return WriteText(w, r.Gather()) }

// WriteText writes metrics in Prometheus's text format, in one call of w.Write: those of [Registry.Gather], and a program's own. The format
// wants each name once.
func WriteText(w io.Writer, families []Family) (int64, error) {
	var b []byte
	for _, f := range families {
		b = appendText(b, f)
	}
	n, err := w.Write(b)
	return int64(n), err
}

var (
	escapeHelp  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	escapeLabel = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// appendText appends a metric.
func appendText(b []byte, f Family) []byte {
	b = append(b, "# HELP "+f.Name+" "+escapeHelp.Replace(strings.ToValidUTF8(f.Help, "�"))+"\n# TYPE "+f.Name+" "+f.Type.String()+"\n"...)
	for _, s := range f.Samples {
		if f.Type != Histogram {
			b = appendSample(b, f.Name, s.Labels, "", s.Value)
			continue
		}
		for _, k := range s.Buckets {
			if math.IsInf(k.UpTo, 1) { // it comes below
				continue
			}
			b = appendSample(b, f.Name+"_bucket", s.Labels, number(k.UpTo), float64(k.Count))
		}
		b = appendSample(b, f.Name+"_bucket", s.Labels, "+Inf", float64(s.Count))
		b = appendSample(b, f.Name+"_sum", s.Labels, "", s.Sum)
		b = appendSample(b, f.Name+"_count", s.Labels, "", float64(s.Count))
	}
	return b
}

// appendSample appends a line. le is the bound of a bucket, "" for what is none.
func appendSample(b []byte, name string, labels []Label, le string, v float64) []byte {
	b = append(b, name...)
	open := byte('{')
	for _, l := range labels {
		b = append(b, open)
		b = append(b, l.Name+`="`+escapeLabel.Replace(strings.ToValidUTF8(l.Value, "�"))+`"`...)
		open = ','
	}
	if le != "" {
		b = append(b, open)
		b = append(b, `le="`+le+`"`...)
		open = ','
	}
	if open == ',' {
		b = append(b, '}')
	}
	return append(append(append(b, ' '), number(v)...), '\n')
}

// number writes a value as Prometheus reads it: whole numbers without an exponent.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
