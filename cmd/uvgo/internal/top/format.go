package top

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// unknown stands for a number that is not known.
const unknown = "-"

// scaled formats a number with three digits and the unit that fits.
func scaled(v, step float64, units ...string) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return unknown
	}
	i := 0
	for math.Abs(v) >= step*0.9995 && i < len(units)-1 {
		v /= step
		i++
	}
	digits := 0
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && i == 0 || a >= 99.95:
	case a >= 9.995:
		digits = 1
	default:
		digits = 2
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + units[i]
}

func number(v float64) string { return scaled(v, 1000, "", "k", "M", "G", "T") }

func bytes(v float64) string { return scaled(v, 1000, " B", " kB", " MB", " GB", " TB") }

// duration formats seconds.
func duration(v float64) string {
	if v >= 1 {
		return scaled(v, math.Inf(1), " s")
	}
	return scaled(v*1e9, 1000, " ns", " µs", " ms")
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return unknown
	}
	return strconv.FormatFloat(v*100, 'f', 1, 64) + " %"
}

// age formats how long something has run.
func age(d time.Duration) string {
	s := int(d.Seconds())
	switch {
	case s < 0:
		return unknown
	case s >= 86400:
		return fmt.Sprintf("%dd %dh", s/86400, s/3600%24)
	case s >= 3600:
		return fmt.Sprintf("%dh %dm", s/3600, s/60%60)
	case s >= 60:
		return fmt.Sprintf("%dm %ds", s/60, s%60)
	}
	return fmt.Sprintf("%ds", s)
}

// clean replaces what would move a terminal's cursor, or take more or less than one column of it. Names come from another program.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < 0x7f && r >= ' ':
			return r
		case r == '…' || r == '→' || r == '–' || r == '’':
			return r
		case r >= 0xa1 && r < 0x300 && unicode.IsPrint(r), r >= 0x370 && r < 0x483 && unicode.IsPrint(r): // Latin, Greek, Cyrillic
			return r
		}
		return '?'
	}, text)
}

// plainASCII replaces what is not ASCII, for a terminal that shows nothing else.
var plainASCII = strings.NewReplacer("µ", "u", "▼", "v", "▲", "^", "…", "~", "→", ">", "–", "-", "’", "'", "─", "-")

// ascii returns text for such a terminal.
func ascii(text string) string {
	return strings.Map(func(r rune) rune {
		if r > 0x7e {
			return '?'
		}
		return r
	}, plainASCII.Replace(text))
}
