package sysinfo_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/sysinfo"
)

// proc returns the lines of a file of /proc.
func proc(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile("/proc/" + path)
	if err != nil {
		t.Skip("this system has no /proc/" + path + " to compare with")
	}
	return strings.Split(string(text), "\n")
}

// meminfo returns a line of /proc/meminfo, in bytes.
func meminfo(t *testing.T, name string) uint64 {
	t.Helper()
	for _, line := range proc(t, "meminfo") {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			var kb uint64
			fmt.Sscan(rest, &kb)
			return kb << 10
		}
	}
	t.Skipf("/proc/meminfo has no %s", name)
	return 0
}

// TestCPUs compares with /proc/stat, whose ticks are hundredths of a second. Of three
// readings no counter may be lower than in the one before.
func TestCPUs(t *testing.T) {
	ticks := func() (all []time.Duration) {
		for _, line := range proc(t, "stat") {
			var cpu int
			var user int64
			if n, _ := fmt.Sscanf(line, "cpu%d %d", &cpu, &user); n == 2 && !strings.HasPrefix(line, "cpu ") {
				all = append(all, time.Duration(user)*10*time.Millisecond)
			}
		}
		return all
	}
	before := ticks()
	cpus := uvtest.Must(sysinfo.CPUs())
	after := ticks()
	if len(cpus) == 0 || len(cpus) != len(before) || len(cpus) != len(after) {
		t.Fatalf("%d processors, /proc/stat has %d", len(cpus), len(before))
	}
	for i, c := range cpus {
		if c.Times.User < before[i] || c.Times.User > after[i] {
			t.Errorf("processor %d: %v in user mode, /proc/stat says %v to %v", i, c.Times.User, before[i], after[i])
		}
		if c.Model == "" || c.MHz < 0 || c.Times.Idle < 0 {
			t.Errorf("processor %d: %+v", i, c)
		}
	}
	// With a cgroup's limit of processor time the number may be lower than that of the affinity mask.
	if n := sysinfo.AvailableParallelism(); n < 1 || n > len(cpus) || n > runtime.NumCPU() {
		t.Errorf("parallelism %d with %d processors, %d of them ours", n, len(cpus), runtime.NumCPU())
	}
}

// TestLoadAverage compares with /proc/loadavg, when that is the same before and after.
func TestLoadAverage(t *testing.T) {
	for range 1000 {
		before := proc(t, "loadavg")[0]
		got := sysinfo.LoadAverage()
		if after := proc(t, "loadavg")[0]; strings.Fields(after)[0] != strings.Fields(before)[0] {
			continue // it changed meanwhile
		}
		var want [3]float64
		fmt.Sscan(before, &want[0], &want[1], &want[2])
		for i := range want {
			if d := got[i] - want[i]; d > 0.02 || d < -0.02 {
				t.Errorf("load %v, /proc/loadavg says %v", got, want)
			}
		}
		return
	}
	t.Error("the load never stood still")
}

func TestMemory(t *testing.T) {
	total := sysinfo.TotalMemory()
	if want := meminfo(t, "MemTotal"); total != want {
		t.Errorf("total %d, /proc/meminfo says %d", total, want)
	}
	if free := sysinfo.FreeMemory(); free == 0 || free > total {
		t.Errorf("free %d of %d", free, total)
	}
	constrained, available := sysinfo.ConstrainedMemory(), sysinfo.AvailableMemory()
	if available > total || constrained != 0 && available > constrained {
		t.Errorf("available %d, constrained %d, total %d", available, constrained, total)
	}
}

// TestResidentSet: the result is at least the memory that the test has touched, and at
// most the machine's memory.
func TestResidentSet(t *testing.T) {
	touched := make([]byte, 32<<20)
	for i := 0; i < len(touched); i += 4096 {
		touched[i] = 1
	}
	rss := uvtest.Must(sysinfo.ResidentSet())
	if rss < uint64(len(touched)) || rss > sysinfo.TotalMemory() {
		t.Errorf("%d bytes resident, after %d were touched", rss, len(touched))
	}
	runtime.KeepAlive(touched)
}

func TestUptime(t *testing.T) {
	first := uvtest.Must(sysinfo.Uptime())
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		t.Fatal(err)
	}
	second := uvtest.Must(sysinfo.Uptime())
	if d := time.Duration(now.Nano()); first > second || d < first-time.Second || d > second+2*time.Second {
		t.Errorf("up %v to %v, the system says %v", first, second, d)
	}
}

// TestInterfaceAddrs compares with package net.
func TestInterfaceAddrs(t *testing.T) {
	got := make(map[string][]string)
	for _, a := range uvtest.Must(sysinfo.InterfaceAddrs()) {
		i := uvtest.Must(net.InterfaceByName(a.Name))
		if a.Internal != (i.Flags&net.FlagLoopback != 0) || a.Hardware.String() != i.HardwareAddr.String() {
			t.Errorf("%+v, net says %+v", a, i)
		}
		if a.Prefix.Addr() != a.Addr.WithZone("") {
			t.Errorf("%v is not in %v", a.Addr, a.Prefix)
		}
		if zone := a.Addr.Zone(); a.Addr.IsLinkLocalUnicast() && a.Addr.Is6() && zone != fmt.Sprint(i.Index) || zone != "" && !a.Addr.Is6() {
			t.Errorf("zone %q of %v on interface %d", zone, a.Addr, i.Index)
		}
		got[a.Name] = append(got[a.Name], a.Prefix.String())
	}
	want := make(map[string][]string)
	for _, i := range uvtest.Must(net.Interfaces()) {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagRunning == 0 {
			continue
		}
		for _, a := range uvtest.Must(i.Addrs()) {
			want[i.Name] = append(want[i.Name], netip.MustParsePrefix(a.String()).String())
		}
	}
	for _, m := range []map[string][]string{got, want} {
		for _, addrs := range m {
			slices.Sort(addrs)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-net +ours):\n%s", diff)
	}
	if len(got) == 0 {
		t.Error("no interface, not even a loopback")
	}
}

func TestInterfaceNames(t *testing.T) {
	for _, i := range uvtest.Must(net.Interfaces()) {
		if name := uvtest.Must(sysinfo.InterfaceName(uint32(i.Index))); name != i.Name {
			t.Errorf("interface %d is %q, net says %q", i.Index, name, i.Name)
		}
		if iid := uvtest.Must(sysinfo.InterfaceIID(uint32(i.Index))); iid != i.Name {
			t.Errorf("interface %d has the identifier %q, want %q", i.Index, iid, i.Name)
		}
	}
	_, err := sysinfo.InterfaceName(1 << 30)
	uvtest.IsErr(t, "no interface", err, unix.ENXIO)
	_, err = sysinfo.InterfaceIID(0)
	uvtest.IsErr(t, "no interface", err, unix.ENXIO)
}

func TestUnameAndHostname(t *testing.T) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		t.Fatal(err)
	}
	want := sysinfo.System{
		Name: unix.ByteSliceToString(u.Sysname[:]), Release: unix.ByteSliceToString(u.Release[:]),
		Version: unix.ByteSliceToString(u.Version[:]), Machine: unix.ByteSliceToString(u.Machine[:]),
	}
	if diff := cmp.Diff(want, uvtest.Must(sysinfo.Uname())); diff != "" {
		t.Errorf("uname (-system +ours):\n%s", diff)
	}
	if got, want := uvtest.Must(sysinfo.Hostname()), uvtest.Must(os.Hostname()); got != want {
		t.Errorf("host name %q, os says %q", got, want)
	}
}

// TestClocks: each reading lies between two of the system's.
func TestClocks(t *testing.T) {
	mono := func() time.Duration {
		var ts unix.Timespec
		if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
			t.Fatal(err)
		}
		return time.Duration(ts.Nano())
	}
	for name, read := range map[string]func() time.Duration{
		"Hrtime":    sysinfo.Hrtime,
		"Monotonic": func() time.Duration { return uvtest.Must(sysinfo.Monotonic()) },
	} {
		before := mono()
		got := read()
		if after := mono(); got < before || got > after {
			t.Errorf("%s: %v is not between %v and %v", name, got, before, after)
		}
	}
	for name, read := range map[string]func() (time.Time, error){"Realtime": sysinfo.Realtime, "TimeOfDay": sysinfo.TimeOfDay} {
		before := time.Now().Round(0).Truncate(time.Microsecond)
		got := uvtest.Must(read())
		if after := time.Now().Round(0); got.Before(before) || got.After(after) {
			t.Errorf("%s: %v is not between %v and %v", name, got, before, after)
		}
	}
}
