package book

import "strings"

// A Figure names one thing that a sample may say. figures tells its unit.
type Figure string

// Figures. A workload's run fills in those that it knows; Env and Server fill in the ones marked *.
const (
	Rate      Figure = "rate"            // operations in a second
	CPU       Figure = "cpu_us"          // CPU time of the server's process for each operation, in µs, with its time in the kernel
	P50       Figure = "p50_us"          // latencies, in µs
	P75       Figure = "p75_us"          //
	P90       Figure = "p90_us"          //
	P99       Figure = "p99_us"          //
	P999      Figure = "p999_us"         //
	Max       Figure = "max_us"          //
	Memory    Figure = "memory_bytes"    // resident memory for each connection
	Peak      Figure = "peak_bytes"      // * largest resident memory of the server's process
	Events    Figure = "events_crossing" // * events for each crossing from Go into C
	Crossings Figure = "crossings_turn"  // * crossings for each turn of the loop
	Allocs    Figure = "allocs"          // objects that the server allocates for each operation
	Used      Figure = "used"            // share of its CPU that the server used
	Loader    Figure = "loader"          // share of its CPU that the load used
	Others    Figure = "others"          // * share of both CPUs that other programs and the hypervisor used
	Stalled   Figure = "stalled"         // connections that got no reply inside the window
	Seconds   Figure = "seconds"         // * length of the window
)

// A column is how a figure is shown.
type column struct {
	figure   Figure
	title    string
	decimals int  // -1: as a share, in percent
	less     bool // less is better
}

// columns in the order of the tables.
var columns = []column{
	{Rate, "per second", 0, false},
	{CPU, "CPU µs", 2, true},
	{P50, "p50 µs", 0, true},
	{P90, "p90 µs", 0, true},
	{P99, "p99 µs", 0, true},
	{P999, "p99.9 µs", 0, true},
	{Memory, "bytes each", 0, true},
	{Peak, "peak memory", 0, true},
	{Allocs, "allocs", 1, true},
	{Events, "events/crossing", 1, false},
	{Crossings, "crossings/turn", 2, true},
	{Used, "server", -1, false},
	{Loader, "load", -1, true},
	{Others, "others", -1, true},
	{Stalled, "stalled", 0, true},
}

// Less reports whether less of a figure is better.
func (f Figure) Less() bool {
	for _, c := range columns {
		if c.figure == f {
			return c.less
		}
	}
	return false
}

// known reports whether a figure is declared.
func (f Figure) known() bool {
	switch f {
	case P75, Max, Seconds:
		return true
	}
	for _, c := range columns {
		if c.figure == f {
			return true
		}
	}
	return false
}

// A Sample is what one run of a cell has measured. What is not in it was not measured.
type Sample map[Figure]float64

// Unit is what follows a value of a figure that is no rate.
func (f Figure) Unit() string {
	switch f {
	case Memory, Peak:
		return "B"
	}
	if strings.HasSuffix(string(f), "_us") {
		return "µs"
	}
	return ""
}
