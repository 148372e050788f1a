package promtext

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/uvgo/uvgo/metrics"
)

// maxLine is how long a line may be.
const maxLine = 1 << 20

// Parse reads metrics. They come in the order of the text. Metrics without a type count as gauges, and so do summaries.
// A histogram's buckets must be in order, as Prometheus wants it; that for +Inf is only in Count. Timestamps are left out.
func Parse(r io.Reader) ([]metrics.Family, error) {
	p := parser{byName: make(map[string]*metrics.Family)}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	for n := 1; lines.Scan(); n++ {
		if err := p.line(strings.TrimSpace(lines.Text())); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	out := make([]metrics.Family, 0, len(p.order))
	for _, f := range p.order {
		if len(f.Samples) > 0 {
			out = append(out, *f)
		}
	}
	return out, nil
}

type parser struct {
	byName map[string]*metrics.Family
	order  []*metrics.Family
	last   *metrics.Sample // of a histogram: the one to which the next line may belong
	of     *metrics.Family // the family of last
}

// family returns the family of a name, which it makes if need be.
func (p *parser) family(name string) *metrics.Family {
	f := p.byName[name]
	if f == nil {
		f = &metrics.Family{Name: name, Type: metrics.Gauge}
		p.byName[name] = f
		p.order = append(p.order, f)
	}
	return f
}

func (p *parser) line(text string) error {
	if comment, ok := strings.CutPrefix(text, "#"); ok {
		p.comment(strings.TrimSpace(comment))
		return nil
	}
	if text == "" {
		return nil
	}
	name, labels, rest, err := head(text)
	if err != nil {
		return err
	}
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " ") // a timestamp may follow
	v, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return fmt.Errorf("%.40q is not a number", number)
	}
	if p.byName[name] == nil {
		for _, part := range []string{"_bucket", "_sum", "_count"} {
			base, ok := strings.CutSuffix(name, part)
			if f := p.byName[base]; ok && f != nil && f.Type == metrics.Histogram {
				return p.histogram(f, part, labels, v)
			}
		}
	}
	f := p.family(name)
	f.Samples = append(f.Samples, metrics.Sample{Labels: labels, Value: v})
	return nil
}

// comment reads a line that begins with "#": HELP and TYPE say something.
func (p *parser) comment(text string) {
	word, rest, _ := strings.Cut(text, " ")
	name, value, _ := strings.Cut(strings.TrimSpace(rest), " ")
	switch word {
	case "HELP":
		p.family(name).Help = unescapeHelp.Replace(value)
	case "TYPE":
		f := p.family(name)
		switch value {
		case "counter":
			f.Type = metrics.Counter
		case "histogram":
			f.Type = metrics.Histogram
		}
	}
}

var unescapeHelp = strings.NewReplacer(`\\`, `\`, `\n`, "\n")

// histogram adds a line of a histogram.
func (p *parser) histogram(f *metrics.Family, part string, labels []metrics.Label, v float64) error {
	bound := ""
	own := labels[:0]
	for _, l := range labels {
		if l.Name == "le" && part == "_bucket" {
			bound = l.Value
			continue
		}
		own = append(own, l)
	}
	s := p.sample(f, own)
	switch part {
	case "_sum":
		s.Sum = v
		return nil
	case "_count":
		s.Count = whole(v)
		return nil
	}
	upTo, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return fmt.Errorf("a bucket of %s has the bound %.40q", f.Name, bound)
	}
	if math.IsInf(upTo, 1) {
		s.Count = whole(v)
		return nil
	}
	s.Buckets = append(s.Buckets, metrics.Bucket{UpTo: upTo, Count: whole(v)})
	return nil
}

// sample returns the sample of a histogram with these labels, which it makes if need be.
func (p *parser) sample(f *metrics.Family, labels []metrics.Label) *metrics.Sample {
	if p.of == f && sameLabels(p.last.Labels, labels) {
		return p.last
	}
	p.of = f
	for i := range f.Samples {
		if sameLabels(f.Samples[i].Labels, labels) {
			p.last = &f.Samples[i]
			return p.last
		}
	}
	f.Samples = append(f.Samples, metrics.Sample{Labels: labels})
	p.last = &f.Samples[len(f.Samples)-1]
	return p.last
}

func sameLabels(a, b []metrics.Label) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// whole is a count; nonsense is 0.
func whole(v float64) uint64 {
	if v > 0 && v < math.MaxUint64 {
		return uint64(v)
	}
	return 0
}

// head reads a sample's name and labels.
func head(text string) (name string, labels []metrics.Label, rest string, err error) {
	end := strings.IndexAny(text, "{ \t")
	if end <= 0 {
		return "", nil, "", fmt.Errorf("%.40q is no sample", text)
	}
	name, rest = text[:end], text[end:]
	if rest[0] != '{' {
		return name, nil, rest, nil
	}
	for rest = rest[1:]; ; {
		rest = strings.TrimLeft(rest, ", \t")
		if after, ok := strings.CutPrefix(rest, "}"); ok {
			return name, labels, after, nil
		}
		label, after, ok := strings.Cut(rest, "=")
		if !ok {
			return "", nil, "", fmt.Errorf("the labels of %.40q have no end", name)
		}
		value, after, ok := quoted(strings.TrimSpace(after))
		if !ok {
			return "", nil, "", fmt.Errorf("the label %.40q of %.40q has no value in quotes", label, name)
		}
		labels = append(labels, metrics.Label{Name: strings.TrimSpace(label), Value: value})
		rest = after
	}
}

// quoted reads a string in double quotes.
func quoted(text string) (value, rest string, ok bool) {
	if text == "" || text[0] != '"' {
		return "", "", false
	}
	text = text[1:]
	end := strings.IndexAny(text, `"\`)
	if end >= 0 && text[end] == '"' { // most have nothing to unescape
		return text[:end], text[end+1:], true
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return b.String(), text[i+1:], true
		case c == '\\' && i+1 < len(text):
			i++
			if c = text[i]; c == 'n' {
				c = '\n'
			}
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return "", "", false
}
