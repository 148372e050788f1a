package compile

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/uvgo/uvgo/third_party/libuv"
)

// A system is what CMakeLists.txt says of a GOOS.
type system struct {
	defines, libs []string

	// callouts are the functions of the C library that libuv.a calls by another name,
	// cuv_NAME, and that uvgo's package cuv defines: it stands between libuv and the C
	// library there, and nobody else's calls pass it. callouts.c has each of them for
	// programs without uvgo.
	callouts []string
}

// systems has those of package cuv. Only Linux is built and tested.
var systems = map[string]system{
	"linux": {
		defines:  strings.Fields("_GNU_SOURCE _POSIX_C_SOURCE=200112"),
		libs:     strings.Fields("-lpthread -ldl -lrt"),
		callouts: strings.Fields("epoll_pwait fork posix_spawnattr_init read sigaction syscall"),
	},
	"darwin": {
		defines:  strings.Fields("_DARWIN_UNLIMITED_SELECT=1 _DARWIN_USE_64_BIT_INODE=1"),
		libs:     strings.Fields("-lpthread"),
		callouts: strings.Fields("sigaction"),
	},
	"freebsd": {
		libs:     strings.Fields("-lpthread"),
		callouts: strings.Fields("sigaction"),
	},
}

// A machine is a GOARCH.
type machine struct {
	macros []string // the compiler defines one of them
	debian string   // Debian's name for the system, before "-gcc"
}

// machines has those of 64 bits, on which Go has cgo.
var machines = map[string]machine{
	"amd64":    {[]string{"__x86_64__"}, "x86_64-linux-gnu"},
	"arm64":    {[]string{"__aarch64__"}, "aarch64-linux-gnu"},
	"loong64":  {[]string{"__loongarch64"}, "loongarch64-linux-gnu"},
	"mips64":   {[]string{"__mips64"}, "mips64-linux-gnuabi64"},
	"mips64le": {[]string{"__mips64"}, "mips64el-linux-gnuabi64"},
	"ppc64le":  {[]string{"__powerpc64__"}, "powerpc64le-linux-gnu"},
	"riscv64":  {[]string{"__riscv"}, "riscv64-linux-gnu"},
	"s390x":    {[]string{"__s390x__"}, "s390x-linux-gnu"},
}

// A Flavour is a kind of library.
type Flavour string

// The flavours.
const (
	Static Flavour = "static" // libuv.a, whose calls cuv stands behind
	ASan   Flavour = "asan"   // the same under AddressSanitizer
	UBSan  Flavour = "ubsan"  // the same under UndefinedBehaviorSanitizer, which ends the program at the first fault
	Plain  Flavour = "plain"  // libuv.a as a distribution makes it
	Shared Flavour = "shared" // libuv.so
)

// PC is the name of the flavour's pkg-config file, without ".pc".
func (f Flavour) PC() string {
	if f == Shared {
		return "libuv"
	}
	return "libuv-static"
}

// Check refuses what this package cannot build.
func (f Flavour) Check(goos string) error {
	switch f {
	case Static, ASan, UBSan, Plain:
		return nil
	case Shared:
		if goos != "linux" {
			return errors.New("the flavour shared is for Linux only")
		}
		return nil
	}
	return fmt.Errorf("no flavour %q: use static, asan, ubsan, plain or shared", string(f))
}

// flags are the compiler's for the flavour and system.
func (f Flavour) flags(s system) []string {
	flags := strings.Fields("-std=gnu90 -fvisibility=hidden -fno-strict-aliasing -fPIC -fno-omit-frame-pointer " +
		"-Wall -Wextra -Wstrict-prototypes -Wno-unused-parameter -D_FILE_OFFSET_BITS=64 -D_LARGEFILE_SOURCE")
	for _, d := range s.defines {
		flags = append(flags, "-D"+d)
	}
	switch f {
	case ASan:
		flags = append(flags, "-D__ASAN__=1", "-fsanitize=address")
	case UBSan:
		flags = append(flags, "-fsanitize=undefined", "-fno-sanitize-recover=undefined")
	case Shared:
		flags = append(flags, "-DBUILDING_UV_SHARED=1")
	}
	return flags
}

// A Target is what to build for.
type Target struct{ GOOS, GOARCH string }

// String returns the form that Go's tools print.
func (t Target) String() string { return t.GOOS + "/" + t.GOARCH }

// Check refuses targets that uvgo does not run on.
func (t Target) Check() error {
	if _, ok := systems[t.GOOS]; !ok {
		return fmt.Errorf("no libuv for %s: uvgo runs on Linux; the sources of macOS and FreeBSD can be compiled, too", t.GOOS)
	}
	if _, ok := machines[t.GOARCH]; !ok {
		return fmt.Errorf("no libuv for GOARCH %s: uvgo needs a 64-bit system with cgo", t.GOARCH)
	}
	return nil
}

// CrossCC is the name that a cross compiler for the target has in Debian, or "".
func (t Target) CrossCC() string {
	if m := machines[t.GOARCH]; t.GOOS == "linux" && m.debian != "" {
		return m.debian + "-gcc"
	}
	return ""
}

// CrossPackage is Debian's package of CrossCC.
func (t Target) CrossPackage() string {
	return "gcc-" + strings.ReplaceAll(cmp.Or(machines[t.GOARCH].debian, "?"), "_", "-")
}

// Sources returns the files that are compiled for a GOOS, relative to libuv's src, without ".c".
func Sources(goos string) []string {
	var names []string
	for line := range strings.Lines(libuv.Sources) {
		if words := strings.Fields(line); len(words) > 0 && (words[0] == "all" || words[0] == goos) {
			names = append(names, words[1:]...)
		}
	}
	return names
}
