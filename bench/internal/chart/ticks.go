package chart

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// ticks are gonum's, with short labels.
type ticks struct{}

// Ticks implements plot.Ticker.
func (ticks) Ticks(low, high float64) []plot.Tick {
	list := plot.DefaultTicks{}.Ticks(low, high)
	for i := range list {
		if list[i].Label != "" {
			list[i].Label = Short(list[i].Value)
		}
	}
	return list
}

// logTicks are one for each power of ten inside the range, and unnamed ones between them.
type logTicks struct{}

// Ticks implements plot.Ticker.
func (logTicks) Ticks(low, high float64) (list []plot.Tick) {
	if low <= 0 || math.IsNaN(high) || math.IsInf(high, 0) {
		return nil // no logarithm
	}
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for d := 1.0; d < 10; d++ {
			v := d * math.Pow(10, e)
			if v < low*0.999 || v > high*1.001 {
				continue
			}
			label := ""
			if d == 1 || high/low < 30 && (d == 2 || d == 5) {
				label = Short(v)
			}
			list = append(list, plot.Tick{Value: v, Label: label})
		}
	}
	return list
}

// spaced leaves room behind the labels, for browsers whose font is wider.
type spaced struct{ plot.Ticker }

// Ticks implements plot.Ticker.
func (s spaced) Ticks(low, high float64) []plot.Tick {
	list := s.Ticker.Ticks(low, high)
	for i := range list {
		if list[i].Label != "" {
			list[i].Label += " "
		}
	}
	return list
}

// Short is a number in a few characters: 250 k, 1.5 M.
func Short(v float64) string {
	unit, by := "", 1.0
	switch a := math.Abs(v); {
	case a >= 1e9:
		unit, by = " G", 1e9
	case a >= 1e6:
		unit, by = " M", 1e6
	case a >= 1e4:
		unit, by = " k", 1e3
	}
	return strconv.FormatFloat(v/by, 'g', 4, 64) + unit
}
