package chart

import (
	"image/color"
	"math"
	"unicode/utf8"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Kind decides the colour of a bar.
type Kind int

// Kinds.
const (
	Subject Kind = iota // what the others are compared with
	Own                 // another package of uvgo
	InC
	InGo
	InPython
)

var kinds = []color.Color{
	Subject:  color.RGBA{R: 0x0b, G: 0x57, B: 0xb0, A: 0xff},
	Own:      color.RGBA{R: 0x6f, G: 0xa8, B: 0xe6, A: 0xff},
	InC:      color.RGBA{R: 0x7d, G: 0x7d, B: 0x7d, A: 0xff},
	InGo:     color.RGBA{R: 0x2a, G: 0x9d, B: 0x8f, A: 0xff},
	InPython: color.RGBA{R: 0xe0, G: 0xa1, B: 0x00, A: 0xff},
}

// A Bar is one value with the range of its rounds.
type Bar struct {
	Label     string
	Value     float64
	Low, High float64 // NaN for none
	Text      string  // at its end
	Kind      Kind
}

// Bars draws horizontal bars, the first one on top, each with a thin line from its lowest to its highest round.
func Bars(title, axis string, bars []Bar) ([]byte, error) {
	p := newPlot(title)
	p.X.Label.Text = axis
	n := len(bars)
	labels := make([]string, n)
	var most float64
	var long, wide int // characters of a text and of a label
	for i, b := range bars {
		labels[n-1-i] = b.Label + " "
		most = max(most, b.Value)
		if !math.IsNaN(b.High) {
			most = max(most, b.High)
		}
		long, wide = max(long, utf8.RuneCountInString(b.Text)), max(wide, utf8.RuneCountInString(b.Label))
	}
	const character = 5.6 // points, of a wide font
	room := float64(width) - 16 - character*float64(wide)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = pale, nil
	grid.Vertical.Dashes = nil
	p.Add(grid)
	for i, b := range bars {
		bar, err := plotter.NewBarChart(plotter.Values{b.Value}, vg.Points(14))
		if err != nil {
			return nil, err
		}
		bar.Horizontal, bar.XMin, bar.Color, bar.LineStyle.Width = true, float64(n-1-i), kinds[b.Kind], 0
		p.Add(bar)
	}
	p.Add(marks(bars))
	p.NominalY(labels...)
	p.Y.Tick.Label.XAlign = draw.XRight
	p.X.Min, p.X.Max = 0, most/(1-character*float64(long)/room)
	p.X.Tick.Marker = ticks{}
	p.Y.Min, p.Y.Max = -0.6, float64(n)-0.4
	height := vg.Points(68 + 21*float64(n))
	return svg(height, p.Draw)
}

// marks draws the ranges and the texts of bars.
type marks []Bar

func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := p.X.Tick.Label
	style.Font, style.Color = sans(9.5), ink
	style.XAlign, style.YAlign = draw.XLeft, draw.YCenter
	line := draw.LineStyle{Color: ink, Width: vg.Points(0.8)}
	for i, b := range m {
		at, end := y(float64(len(m)-1-i)), b.Value
		if !math.IsNaN(b.Low) && b.High > b.Low {
			end = max(end, b.High)
			c.StrokeLine2(line, x(b.Low), at, x(b.High), at)
			for _, v := range []float64{b.Low, b.High} {
				c.StrokeLine2(line, x(v), at-vg.Points(3), x(v), at+vg.Points(3))
			}
		}
		c.FillText(style, vg.Point{X: x(end) + vg.Points(5), Y: at}, b.Text)
	}
}
