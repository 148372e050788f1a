// Command libuv obtains, verifies and builds the libuv that uvgo is tested with, and
// tells the go command where it is:
//
//	go run github.com/uvgo/uvgo/cmd/libuv@latest -w
//
// It needs Go and a C compiler, and nothing else: no make, CMake, bash, pkg-config or
// root. The result is in the user's cache, and a second run finds it there.
//
//	-w           make go keep what it needs ("go env -w"); -u takes it back
//	-check       say what is wrong with this machine's set-up, and how to mend it
//	-tarball F   take the source from a file; -url U downloads it from there
//	-cc, -goos, -goarch, -flavour, -cflags
//	             build another library than the one for this machine
//	-dir D       keep the libraries in D instead of the user's cache
//	-print, -shell
//	             print something else than POSIX shell's exports
//
// Without -w it prints the variables, for "eval $(go run …)". What it does meanwhile goes
// to the standard error. The status is 0 for success, 1 for failure, 2 for a command line
// that makes no sense, and 130 after Ctrl-C, which leaves nothing half done.
//
// docs/install.md has the ways of installing uvgo.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo/cmd/libuv/internal/cache"
	"github.com/uvgo/uvgo/cmd/libuv/internal/compile"
	"github.com/uvgo/uvgo/cmd/libuv/internal/pin"
	"github.com/uvgo/uvgo/cmd/libuv/internal/pkgconf"
	"github.com/uvgo/uvgo/cmd/libuv/internal/source"
	"github.com/uvgo/uvgo/third_party/libuv"
)

// fromHere is how a user calls this program in a module that requires uvgo.
const fromHere = "go run github.com/uvgo/uvgo/cmd/libuv"

// underTest is set by the tests' linker flags: the variable UVGO_LIBUV_LOCK then names
// another libuv.lock, which may have a sources.txt beside it.
var underTest string

func main() {
	if strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe") == pkgconf.Name {
		os.Exit(standIn())
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		s := <-signals
		signal.Stop(signals) // a second one ends the program at once
		cancel(interrupted{s})
	}()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if stop, ok := errors.AsType[interrupted](err); ok {
		fmt.Fprintf(os.Stderr, "libuv: %v\n", stop)
		os.Exit(128 + int(stop.signal.(syscall.Signal)))
	}
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.As(err, new(usageError)):
		fmt.Fprintf(os.Stderr, "libuv: %v\n", err)
		os.Exit(2)
	default:
		fmt.Fprintf(os.Stderr, "libuv: %v\n", err)
		os.Exit(1)
	}
}

// interrupted is why the program ends after a signal.
type interrupted struct{ signal os.Signal }

func (i interrupted) Error() string { return i.signal.String() + ": nothing has been changed" }

// usageError is a command line that makes no sense.
type usageError struct{ error }

// standIn is this program as go's PKG_CONFIG. Its path is the cache's bin.
func standIn() int {
	self, err := os.Executable()
	if err != nil {
		fmt.Fprintln(os.Stderr, "uvgo:", err)
		return 1
	}
	p := pkgconf.Program{
		Cache: cache.Dir(filepath.Dir(filepath.Dir(self))), Self: self,
		Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr,
	}
	return p.Run(os.Args[1:])
}

// options are the flags.
type options struct {
	tarball, url       string
	cc, goos, goarch   string
	flavour, cflags    string
	dir, checkout      string
	print, shell       string
	write, undo, check bool
}

func parse(args []string, stdout io.Writer) (*options, error) {
	var o options
	f := flag.NewFlagSet("libuv", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&o.tarball, "tarball", os.Getenv("LIBUV_TARBALL"), "take the source from this `file`; nothing is downloaded")
	f.StringVar(&o.url, "url", "", "download the source from this `address` only")
	f.StringVar(&o.cc, "cc", "", "the C `compiler` with its flags (default: go's CC)")
	f.StringVar(&o.goos, "goos", "", "build for this `GOOS` (default: go's)")
	f.StringVar(&o.goarch, "goarch", "", "build for this `GOARCH` (default: go's)")
	f.StringVar(&o.flavour, "flavour", "static", "`kind` of library: static, shared, asan (for go build -asan), ubsan (the same for undefined behaviour) or plain (as a distribution's)")
	f.StringVar(&o.cflags, "cflags", "-O2 -g", "optimisation and debug `flags` of the C compiler")
	f.StringVar(&o.dir, "dir", "", "keep the libraries in this `directory` (default: uvgo/libuv in the user's cache)")
	f.StringVar(&o.checkout, "checkout", "", "build in this `directory` of a checkout of uvgo, and print nothing")
	f.StringVar(&o.print, "print", "env", "`what` to print: env, dir (of libuv's .pc file), or mirrors (of Debian that this machine knows)")
	f.StringVar(&o.shell, "shell", "sh", "print for this `shell`: sh, fish or powershell")
	f.BoolVar(&o.write, "w", false, "write what go build needs by \"go env -w\"")
	f.BoolVar(&o.undo, "u", false, "take back what -w has written")
	f.BoolVar(&o.check, "check", false, "say what is wrong with this machine's set-up")
	if err := f.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintf(stdout, "usage: %s [flags]\n\nObtains, verifies and builds libuv for uvgo. -w makes \"go build\" find it.\n\n", fromHere)
		f.SetOutput(stdout)
		f.PrintDefaults()
		return nil, err
	} else if err != nil {
		return nil, usageError{err}
	}
	return &o, o.validate(f.Args())
}

// validate refuses flags that contradict each other.
func (o *options) validate(rest []string) error {
	actions := 0
	for _, given := range []bool{o.write, o.undo, o.check} {
		if given {
			actions++
		}
	}
	_, known := shells[o.shell]
	switch {
	case len(rest) > 0:
		return usageError{fmt.Errorf("unexpected argument %q: -h lists the flags", rest[0])}
	case actions > 1:
		return usageError{errors.New("use one of -w, -u and -check")}
	case o.tarball != "" && o.url != "":
		return usageError{errors.New("use one of -tarball and -url")}
	case !known:
		return usageError{fmt.Errorf("no shell %q: use sh, fish or powershell", o.shell)}
	case o.print != "env" && o.print != "dir" && o.print != "mirrors":
		return usageError{fmt.Errorf("-print %q: use env, dir or mirrors", o.print)}
	case o.write && o.flavour != "static" && o.flavour != "shared":
		return usageError{fmt.Errorf("-w is for the flavours static and shared: the flavour %s is for single runs", o.flavour)}
	case o.checkout != "" && actions > 0:
		return usageError{errors.New("-checkout goes without -w, -u and -check")}
	}
	return nil
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stdout)
	if err != nil {
		return err
	}
	if o.print == "mirrors" {
		mirrors, err := source.Mirrors()
		for _, m := range mirrors {
			fmt.Fprintln(stdout, m)
		}
		return err
	}
	t, err := newTool(o, stdout, stderr)
	if err != nil {
		return err
	}
	switch {
	case o.undo:
		return t.undo(ctx)
	case o.check:
		return t.check(ctx)
	case o.checkout != "":
		return t.checkout(ctx)
	}
	e, err := t.install(ctx)
	if err != nil {
		return err
	}
	return t.tell(ctx, e)
}

// A tool is one run.
type tool struct {
	*options
	pin            pin.Pin
	cache          cache.Dir
	stdout, stderr io.Writer
}

func newTool(o *options, stdout, stderr io.Writer) (*tool, error) {
	lock := libuv.Lock
	if file := os.Getenv("UVGO_LIBUV_LOCK"); underTest != "" && file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		lock = string(text)
		if text, err := os.ReadFile(filepath.Join(filepath.Dir(file), "sources.txt")); err == nil {
			libuv.Sources = string(text)
		}
	}
	t := &tool{options: o, stdout: stdout, stderr: stderr}
	var err error
	if t.pin, err = pin.Parse(lock); err != nil {
		return nil, err
	}
	switch {
	case o.checkout != "":
		t.dir = o.checkout
		fallthrough
	case o.dir != "":
		dir, err := filepath.Abs(t.dir)
		t.cache = cache.Dir(dir)
		return t, err
	}
	t.cache, err = cache.Default()
	return t, err
}

// say tells the user what happens.
func (t *tool) say(format string, args ...any) {
	fmt.Fprintf(t.stderr, "libuv: "+format+"\n", args...)
}

// kind is the flavour that was asked for.
func (t *tool) kind() compile.Flavour { return compile.Flavour(t.flavour) }
