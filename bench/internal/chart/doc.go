// Package chart draws the benchmark book's charts as SVG: bars and lines. The background is white and opaque, so that a chart is legible on a dark
// page, too. The same input gives the same bytes.
package chart
