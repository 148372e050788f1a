package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/uvgo/uvgo/cmd/libuv/internal/compile"
	"github.com/uvgo/uvgo/cmd/libuv/internal/goenv"
	"github.com/uvgo/uvgo/cmd/libuv/internal/pkgconf"
)

// errUnhealthy is the result of -check, whose lines are on the standard output.
var errUnhealthy = errors.New("the machine's set-up needs mending")

// A doctor looks at what go build of uvgo needs.
type doctor struct {
	*tool
	env  map[string]string // go's variables
	kept map[string]string // without the environment's
	bad  int
}

// check says what is wrong with the machine's set-up: a line for each thing, and a line
// with the command that mends it.
func (t *tool) check(ctx context.Context) error {
	env, err := goenv.Read(ctx, false)
	if err != nil {
		return err
	}
	kept, err := goenv.Read(ctx, true)
	if err != nil {
		return err
	}
	d := &doctor{tool: t, env: env, kept: kept}
	d.good("%s, for %s/%s on %s/%s", env["GOVERSION"], env["GOOS"], env["GOARCH"], env["GOHOSTOS"], env["GOHOSTARCH"])
	lib := d.compiler(ctx)
	d.cgo()
	d.overridden()
	if lib != nil {
		d.libuv(ctx, lib)
	}
	if d.bad > 0 {
		return errUnhealthy
	}
	d.good("go build of uvgo has what it needs")
	return nil
}

func (d *doctor) good(format string, args ...any) {
	fmt.Fprintf(d.stdout, "ok   "+format+"\n", args...)
}

// wrong tells of a fault and the command against it.
func (d *doctor) wrong(mend, format string, args ...any) {
	d.bad++
	fmt.Fprintf(d.stdout, "BAD  "+format+"\n     mend: %s\n", append(args, mend)...)
}

// compiler looks at the target and the C compiler. It returns nil if no libuv can be built.
func (d *doctor) compiler(ctx context.Context) *compile.Library {
	target := compile.Target{GOOS: d.env["GOOS"], GOARCH: d.env["GOARCH"]}
	if err := target.Check(); err != nil {
		d.wrong("build for another target: "+d.unset("GOOS", "GOARCH"), "%v", err)
		return nil
	}
	if target != (compile.Target{GOOS: d.env["GOHOSTOS"], GOARCH: d.env["GOHOSTARCH"]}) {
		d.good("GOOS and GOARCH are another system's; for this one: %s", d.unset("GOOS", "GOARCH"))
	}
	lib, err := d.library(ctx)
	if err != nil {
		what, mend, ok := strings.Cut(err.Error(), "): ")
		if !ok {
			what, mend, _ = strings.Cut(err.Error(), ": ")
		} else {
			what += ")"
		}
		d.wrong(mend, "%s", what)
		return nil
	}
	d.good("%s compiles for %s: %s", lib.CC, target, lib.CC.Version)
	if goCC := d.env["CC"]; goCC != lib.CC.Command {
		d.wrong("go env -w CC="+goenv.Quote(lib.CC.Command), "go looks for the C compiler %q, and this machine has %q", goCC, lib.CC)
	}
	return lib
}

// unset is a command that takes back what the environment, or go, says of variables.
func (d *doctor) unset(names ...string) string {
	var commands []string
	for _, name := range names {
		if os.Getenv(name) != "" {
			commands = append(commands, "unset "+name)
		} else if host := d.env["GOHOST"+strings.TrimPrefix(name, "GO")]; host == "" || host != d.env[name] {
			commands = append(commands, "go env -u "+name)
		}
	}
	return strings.Join(commands, "; ")
}

// cgo looks at CGO_ENABLED. go turns it off by itself where it finds no C compiler, and for
// another system than the machine's.
func (d *doctor) cgo() {
	switch {
	case d.env["CGO_ENABLED"] == "1":
		d.good("cgo is on")
	case os.Getenv("CGO_ENABLED") == "0":
		d.wrong("unset CGO_ENABLED", "the environment's CGO_ENABLED=0 turns cgo off")
	case d.env["GOOS"] != d.env["GOHOSTOS"] || d.env["GOARCH"] != d.env["GOHOSTARCH"]:
		target := compile.Target{GOOS: d.env["GOOS"], GOARCH: d.env["GOARCH"]}
		d.wrong("export CGO_ENABLED=1 CC="+cmp.Or(target.CrossCC(), "…"), "cgo is off, as always for another GOOS or GOARCH than this machine's")
	case d.kept["CGO_ENABLED"] == "0" || d.bad == 0:
		d.wrong("go env -w CGO_ENABLED=1", "cgo is off (CGO_ENABLED=0)")
	default: // go finds no C compiler, which is told already
	}
}

// overridden looks for variables of the environment that hide what -w has written.
func (d *doctor) overridden() {
	if filepath.Base(strings.Trim(d.kept["PKG_CONFIG"], `'"`)) != pkgconf.Name {
		return
	}
	for _, name := range []string{"PKG_CONFIG", "CGO_CFLAGS"} {
		if value := os.Getenv(name); value != "" && value != d.kept[name] {
			d.wrong("unset "+name, "the environment's %s=%s hides what go keeps", name, value)
		}
	}
}

// libuv looks for the libuv that go build would find.
func (d *doctor) libuv(ctx context.Context, lib *compile.Library) {
	rerun := fromHere + " -w"
	program, err := goenv.Fields(d.env["PKG_CONFIG"])
	if err != nil || len(program) == 0 {
		d.wrong(d.unset("PKG_CONFIG"), "PKG_CONFIG=%s names no program", d.env["PKG_CONFIG"])
		return
	}
	if _, err := exec.LookPath(program[0]); err != nil {
		d.wrong(rerun, "go asks %q for libuv, and there is no such program", program[0])
		return
	}
	ours := filepath.Base(program[0]) == pkgconf.Name
	version, err := d.ask(ctx, program[0], "--modversion")
	if err != nil {
		d.wrong(rerun, "%s finds no libuv: %v", program[0], err)
		return
	}
	from, _ := d.ask(ctx, program[0], "--variable=includedir")
	if older(version) {
		d.wrong(rerun, "%s finds libuv %s in %s, and uvgo needs 1.48 or newer", program[0], version, from)
		return
	}
	d.good("%s finds libuv %s, with its headers in %s", program[0], version, from)
	for _, dir := range filepath.SplitList(os.Getenv("PKG_CONFIG_PATH")) {
		if _, err := os.Stat(filepath.Join(dir, d.kind().PC()+".pc")); err == nil && ours {
			d.wrong("unset PKG_CONFIG_PATH", "PKG_CONFIG_PATH names %s, whose libuv comes before the one that -w has written", dir)
			return
		}
	}
	if ours {
		d.fresh(lib)
	}
	d.links(ctx, lib, program[0])
}

// fresh tells whether the libuv of the cache is what this version of uvgo builds.
func (d *doctor) fresh(lib *compile.Library) {
	rerun := fromHere + " -w"
	stamp, err := lib.Stamp()
	if err != nil {
		d.wrong(rerun, "%v", err)
		return
	}
	table, err := d.cache.Load()
	if err != nil {
		d.wrong("rm "+d.cache.Path("targets.json")+"; "+rerun, "%v", err)
		return
	}
	e, ok := table.Find(lib.Target.GOOS, lib.Target.GOARCH, lib.CC.Command, lib.Flavour.PC())
	switch {
	case !ok:
		d.wrong(rerun, "%s has no libuv for %s", d.cache, lib.Target)
	case e.Stamp != stamp:
		d.wrong(rerun, "%s is stale: this version of uvgo, or another C compiler, makes another", e.Dir)
	case goenv.WithStamp(d.env["CGO_CFLAGS"], table.Stamp()) != d.env["CGO_CFLAGS"]:
		d.wrong(rerun, "CGO_CFLAGS lacks the stamp of the libuv at hand: go's build cache would not notice another libuv")
	default:
		d.good("it is what this version of uvgo builds")
	}
}

// links compiles and links a program with libuv.
func (d *doctor) links(ctx context.Context, lib *compile.Library, program string) {
	flags, err := d.ask(ctx, program, "--cflags", "--libs")
	if err != nil {
		d.wrong(fromHere+" -w", "%s: %v", program, err)
		return
	}
	words, err := goenv.Fields(flags)
	if err == nil {
		err = lib.CC.Try(ctx, "#include <uv.h>\nint main(void) { return uv_version() == 0; }\n", words)
	}
	if err != nil {
		d.wrong(fromHere+" -w", "a program with libuv cannot be built: %v", err)
		return
	}
	d.good("a program of C with libuv can be built")
}

// ask asks the program that is go's PKG_CONFIG about libuv.
func (d *doctor) ask(ctx context.Context, program string, flags ...string) (string, error) {
	cmd := exec.CommandContext(ctx, program, append(flags, "--", d.kind().PC())...)
	cmd.Env = append(os.Environ(), "GOOS="+d.env["GOOS"], "GOARCH="+d.env["GOARCH"], "CC="+d.env["CC"])
	out, err := cmd.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		first, _, _ := strings.Cut(string(e.Stderr), "\n")
		return "", errors.New(first)
	}
	return strings.TrimSpace(string(out)), err
}

// older tells whether a version is less than 1.48.
func older(version string) bool {
	var major, minor int
	if _, err := fmt.Sscanf(version, "%d.%d", &major, &minor); err != nil {
		return true
	}
	return major < 1 || major == 1 && minor < 48
}
