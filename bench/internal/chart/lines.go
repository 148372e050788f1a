package chart

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// series are colours that people who see few colours tell apart. Beyond them lines are dashed, and the marks' shape changes.
var series = []color.Color{
	color.RGBA{R: 0x00, G: 0x5f, B: 0xb8, A: 0xff}, color.RGBA{R: 0xd5, G: 0x5e, B: 0x00, A: 0xff}, color.RGBA{R: 0x00, G: 0x9e, B: 0x73, A: 0xff},
	color.RGBA{R: 0xcc, G: 0x5f, B: 0x9e, A: 0xff}, color.RGBA{R: 0x33, G: 0x33, B: 0x33, A: 0xff}, color.RGBA{R: 0xe0, G: 0x9a, B: 0x00, A: 0xff},
	color.RGBA{R: 0x3f, G: 0xa7, B: 0xd6, A: 0xff}, color.RGBA{R: 0x8c, G: 0x56, B: 0x4b, A: 0xff}, color.RGBA{R: 0x7a, G: 0x5f, B: 0xc0, A: 0xff},
	color.RGBA{R: 0x8a, G: 0x8f, B: 0x2a, A: 0xff},
}

var shapes = []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.TriangleGlyph{}}

// A Line is one peer's.
type Line struct {
	Label  string
	Series int  // the same number has the same colour in all charts
	Strong bool // drawn thicker, and on top
	X, Y   []float64
}

// A Frame is what surrounds lines.
type Frame struct {
	Title, X, Y string
	LogX, LogY  bool
	XTicks      []plot.Tick // empty for the axis's own
}

// Lines draws lines with a legend at their right.
func Lines(f Frame, lines []Line) ([]byte, error) {
	p := newPlot(f.Title)
	p.X.Label.Text, p.Y.Label.Text = f.X, f.Y
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color, grid.Vertical.Dashes, grid.Horizontal.Dashes = pale, pale, nil, nil
	p.Add(grid)
	legend := plot.NewLegend()
	legend.TextStyle.Font, legend.TextStyle.Color = sans(10), ink
	legend.Top, legend.Left, legend.Padding, legend.ThumbnailWidth = true, true, vg.Points(3), vg.Points(20)
	for _, strong := range []bool{false, true} {
		for _, l := range lines {
			if l.Strong != strong {
				continue
			}
			line, points, err := l.plotters()
			if err != nil {
				return nil, err
			}
			p.Add(line, points)
		}
	}
	for _, l := range lines {
		line, points, err := l.plotters()
		if err != nil {
			return nil, err
		}
		legend.Add(l.Label, line, points)
	}
	scale(&p.X, f.LogX, false)
	scale(&p.Y, f.LogY, true)
	if len(f.XTicks) > 0 {
		p.X.Tick.Marker = plot.ConstantTicks(f.XTicks)
	}
	const right = 128
	return svg(vg.Points(max(250, 60+float64(len(lines))*17)), func(c draw.Canvas) {
		p.Draw(draw.Crop(c, 0, -right, 0, 0))
		legend.Draw(draw.Crop(c, width-right-vg.Points(8), 0, 0, -vg.Points(26)))
	})
}

// plotters are a line and its marks.
func (l Line) plotters() (*plotter.Line, *plotter.Scatter, error) {
	xy := make(plotter.XYs, 0, len(l.X))
	for i := range l.X {
		if !math.IsNaN(l.Y[i]) {
			xy = append(xy, plotter.XY{X: l.X[i], Y: l.Y[i]})
		}
	}
	line, points, err := plotter.NewLinePoints(xy)
	if err != nil {
		return nil, nil, err
	}
	line.Color, points.Color = series[l.Series%len(series)], series[l.Series%len(series)]
	line.Width, points.Radius = vg.Points(1.3), vg.Points(2.3)
	points.Shape = shapes[l.Series/len(series)%len(shapes)]
	if l.Series >= len(series) {
		line.Dashes = []vg.Length{vg.Points(5), vg.Points(3)}
	}
	if l.Strong {
		line.Width, points.Radius = vg.Points(2.8), vg.Points(3.4)
	}
	return line, points, nil
}

// scale sets an axis. One that is not logarithmic begins at 0 if zero is set.
func scale(a *plot.Axis, log, zero bool) {
	if !log {
		a.Tick.Marker = spaced{ticks{}}
		if zero {
			a.Min = 0
			a.Max *= 1.05
		}
		return
	}
	a.Scale, a.Tick.Marker = plot.LogScale{}, spaced{logTicks{}}
	a.Min, a.Max = a.Min*0.9, a.Max*1.1
}
