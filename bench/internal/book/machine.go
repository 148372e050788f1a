package book

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// A Machine is where the book was run, as far as it decides the figures.
type Machine struct {
	CPU    string  `json:"cpu"`
	CPUs   int     `json:"cpus"`
	Memory float64 `json:"memory_gib"`
	Kernel string  `json:"kernel"`
	System string  `json:"system"` // Debian GNU/Linux 12 (bookworm)
}

func (m Machine) String() string {
	return fmt.Sprintf("%s, %d CPUs, %.0f GiB, Linux %s, %s", m.CPU, m.CPUs, m.Memory, m.Kernel, m.System)
}

// ThisMachine reads what this machine is.
func ThisMachine() Machine {
	m := Machine{CPU: runtime.GOARCH, CPUs: runtime.NumCPU(), System: field("/etc/os-release", "PRETTY_NAME", "=")}
	if name := field("/proc/cpuinfo", "model name", ":"); name != "" {
		m.CPU = name
	}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		m.Memory = float64(uint64(info.Totalram) * uint64(info.Unit) >> 30)
	}
	return m
}

// field finds the first value of a name in a file of lines.
func field(path, name, between string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if n, value, ok := strings.Cut(line, between); ok && strings.TrimSpace(n) == name {
			return strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return ""
}
