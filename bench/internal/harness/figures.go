package harness

import (
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"
)

// Median of values; NaN if there are none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	v := slices.Sorted(slices.Values(values))
	mid := len(v) / 2
	if len(v)%2 == 1 {
		return v[mid]
	}
	return (v[mid-1] + v[mid]) / 2
}

// Rotate returns list beginning with its element number by (modulo its length).
func Rotate[T any](list []T, by int) []T {
	by %= len(list)
	return append(append([]T{}, list[by:]...), list[:by]...)
}

// Tabs aligns columns to the right.
func Tabs(w io.Writer) *tabwriter.Writer {
	return tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
}

// Fixed formats v with so many decimals, a missing figure as a dash.
func Fixed(v float64, decimals int) string {
	if math.IsNaN(v) {
		return "-"
	}
	return strconv.FormatFloat(v, 'f', decimals, 64)
}

// Percent formats a share.
func Percent(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return Fixed(100*v, 0) + " %"
}

// Thousands formats a whole number with separators.
func Thousands(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	s := strconv.FormatInt(int64(math.Round(v)), 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
