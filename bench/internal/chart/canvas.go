package chart

import (
	"bytes"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Width of all charts: as wide as a page's text.
const width vg.Length = 540 // points

var (
	ink  = color.RGBA{R: 0x22, G: 0x22, B: 0x22, A: 0xff}
	pale = color.RGBA{R: 0xdd, G: 0xdd, B: 0xdd, A: 0xff}
)

// sans is the font of all text. A browser that lacks it takes one with the same widths.
func sans(size float64) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: vg.Points(size)}
}

// newPlot is a plot in the charts' style.
func newPlot(title string) *plot.Plot {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(12)
	p.Title.TextStyle.Color = ink
	p.Title.Padding = vg.Points(8)
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color, axis.Tick.Label.Color, axis.Label.TextStyle.Color = ink, ink, ink, ink
		axis.Label.TextStyle.Font = sans(10)
		axis.Tick.Label.Font = sans(10)
		axis.LineStyle.Width, axis.Tick.LineStyle.Width = vg.Points(0.5), vg.Points(0.5)
	}
	p.Y.Tick.Label.XAlign = draw.XRight
	return p
}

// svg draws on a canvas of a height and returns the file.
func svg(height vg.Length, paint func(c draw.Canvas)) ([]byte, error) {
	c := vgsvg.New(width, height)
	whole := draw.New(c)
	whole.FillPolygon(color.White, []vg.Point{{X: 0, Y: 0}, {X: width, Y: 0}, {X: width, Y: height}, {X: 0, Y: height}})
	const margin = 8
	paint(draw.Crop(whole, margin, -margin, margin, -margin))
	var out bytes.Buffer
	if _, err := c.WriteTo(&out); err != nil {
		return nil, err
	}
	text := bytes.ReplaceAll(out.Bytes(), []byte("font-family:Liberation Sans"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif"))
	return text, nil
}
