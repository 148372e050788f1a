package main

// A scenario is one load: so many connections, each with one message of so
// many bytes under way. No connections: the idle scenario.
type scenario struct {
	Name  string
	Title string
	Size  int
	Conns int
}

// idle reports whether s is the memory scenario.
func (s scenario) idle() bool { return s.Conns == 0 }

// scenarios in the order in which a round runs them.
var scenarios = []scenario{
	{"64B-1", "64 B, 1 conn", 64, 1},
	{"64B-100", "64 B, 100 conns", 64, 100},
	{"64B-1000", "64 B, 1,000 conns", 64, 1000},
	{"1KiB-100", "1 KiB, 100 conns", 1 << 10, 100},
	{"16KiB-100", "16 KiB, 100 conns", 16 << 10, 100},
	{"idle", "idle", 64, 0},
}

// scenarioNames lists the names.
func scenarioNames() []string {
	var names []string
	for _, s := range scenarios {
		names = append(names, s.Name)
	}
	return names
}
