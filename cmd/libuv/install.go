package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo/cmd/libuv/internal/cache"
	"github.com/uvgo/uvgo/cmd/libuv/internal/compile"
	"github.com/uvgo/uvgo/cmd/libuv/internal/goenv"
	"github.com/uvgo/uvgo/cmd/libuv/internal/source"
	"github.com/uvgo/uvgo/third_party/libuv"
)

// library says what to build: go's variables, and the flags before them.
func (t *tool) library(ctx context.Context) (*compile.Library, error) {
	env, err := goenv.Read(ctx, false)
	if err != nil {
		return nil, err
	}
	lib := &compile.Library{
		Pin:      t.pin,
		Target:   compile.Target{GOOS: cmp.Or(t.goos, env["GOOS"]), GOARCH: cmp.Or(t.goarch, env["GOARCH"])},
		Flavour:  t.kind(),
		CFlags:   strings.Fields(t.cflags),
		Callouts: libuv.Callouts,
	}
	if err := lib.Target.Check(); err != nil {
		return nil, err
	}
	if err := lib.Flavour.Check(lib.Target.GOOS); err != nil {
		return nil, usageError{err}
	}
	command := t.compiler(env, lib.Target)
	args, err := goenv.Fields(command)
	if err == nil && len(args) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("CC=%q names no compiler: %w", command, err)
	}
	if lib.CC, err = compile.NewCompiler(ctx, lib.Target, command, args); err != nil {
		return nil, err
	}
	return lib, lib.CC.Check(ctx, lib.Target)
}

// compiler chooses the command line of a C compiler.
func (t *tool) compiler(env map[string]string, target compile.Target) string {
	if t.cc != "" {
		return t.cc
	}
	native := target == compile.Target{GOOS: env["GOHOSTOS"], GOARCH: env["GOHOSTARCH"]}
	if os.Getenv("CC") != "" {
		return os.Getenv("CC")
	}
	if !native && target.CrossCC() != "" {
		return target.CrossCC()
	}
	// go's own choice first. It is gcc even where only clang is installed.
	for _, cc := range []string{env["CC"], "cc", "gcc", "clang"} {
		if fields, err := goenv.Fields(cc); err == nil && len(fields) > 0 {
			if _, err := exec.LookPath(fields[0]); err == nil {
				return cc
			}
		}
	}
	return env["CC"]
}

// install builds the library in the cache, if it is not there.
func (t *tool) install(ctx context.Context) (cache.Entry, error) {
	lib, err := t.library(ctx)
	if err != nil {
		return cache.Entry{}, err
	}
	stamp, err := lib.Stamp()
	if err != nil {
		return cache.Entry{}, err
	}
	name := fmt.Sprintf("%s-%s-%s-%s-%s", t.pin.Version, lib.Target.GOOS, lib.Target.GOARCH, lib.Flavour, stamp[:12])
	entry := cache.Entry{
		GOOS: lib.Target.GOOS, GOARCH: lib.Target.GOARCH, CC: lib.CC.Command,
		PC: lib.Flavour.PC(), Dir: t.cache.Path(name), Stamp: stamp,
	}
	sum, err := t.checkTarball()
	if err != nil {
		return cache.Entry{}, err
	}
	if t.complete(entry) {
		return entry, nil
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return cache.Entry{}, err
	}
	defer unlock()
	if !t.built(entry.Dir, stamp) {
		src := t.cache.Path(fmt.Sprintf("src-%s-%s", t.pin.Version, t.pin.Tarballs[0].SHA256[:12]))
		if err := t.obtain(ctx, src, sum); err != nil {
			return cache.Entry{}, err
		}
		if err := t.build(ctx, lib, src, entry.Dir, stamp); err != nil {
			return cache.Entry{}, err
		}
	}
	return entry, t.remember(entry)
}

// checkout builds the library in the directory third_party/libuv of a checkout, where
// the Makefile and its tests look for it.
func (t *tool) checkout(ctx context.Context) error {
	lib, err := t.library(ctx)
	if err != nil {
		return err
	}
	stamp, err := lib.Stamp()
	if err != nil {
		return err
	}
	name := "build"
	if lib.Flavour != compile.Static {
		name += "-" + string(lib.Flavour)
	}
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	sum, err := t.checkTarball()
	if err != nil {
		return err
	}
	if err := t.obtain(ctx, t.cache.Path("src"), sum); err != nil {
		return err
	}
	if t.built(t.cache.Path(name), stamp) {
		return nil
	}
	return t.build(ctx, lib, t.cache.Path("src"), t.cache.Path(name), stamp)
}

func (t *tool) lock(ctx context.Context) (func(), error) {
	return t.cache.Lock(ctx, func() { t.say("another process builds in %s: waiting for it", t.cache) })
}

// request is what the flags say about where the source comes from.
func (t *tool) request(temp string) *source.Request {
	byHand := "-tarball "
	if t.options.checkout != "" {
		byHand = "make libuv LIBUV_TARBALL=/path/to/"
	}
	return &source.Request{Pin: t.pin, Tarball: t.tarball, URL: t.url, Temp: temp, ByHand: byHand, Say: t.say}
}

// checkTarball verifies the file that the user gave, even where nothing is to be built.
func (t *tool) checkTarball() (string, error) {
	if t.tarball == "" {
		return "", nil
	}
	return t.request("").VerifyTarball()
}

// built tells whether a directory holds what has the stamp.
func (t *tool) built(dir, stamp string) bool {
	text, err := os.ReadFile(filepath.Join(dir, ".stamp"))
	return err == nil && strings.TrimSpace(string(text)) == stamp
}

// obtain leaves the source in src, if it is not there. given is the checksum of the
// tarball that it has to come from, or "".
func (t *tool) obtain(ctx context.Context, src, given string) error {
	if text, err := os.ReadFile(filepath.Join(src, ".sha256")); err == nil {
		sum := strings.TrimSpace(string(text))
		if _, ok := t.pin.Known(sum); ok && (given == "" || given == sum) {
			return nil
		}
	}
	return t.aside(src, func(temp string) (string, error) {
		unpacked := filepath.Join(temp, "src")
		sum, err := t.request(temp).Unpacked(ctx, unpacked)
		if err != nil {
			return "", err
		}
		return unpacked, os.WriteFile(filepath.Join(unpacked, ".sha256"), []byte(sum+"\n"), 0o644)
	})
}

func (t *tool) build(ctx context.Context, lib *compile.Library, src, dir, stamp string) error {
	t.say("building %s (%s, %s) with %s, half a minute", t.pin.Version, lib.Target, lib.Flavour, lib.CC)
	return t.aside(dir, func(temp string) (string, error) {
		out := filepath.Join(temp, "out")
		if err := lib.Build(ctx, src, out); err != nil {
			return "", err
		}
		return out, os.WriteFile(filepath.Join(out, ".stamp"), []byte(stamp+"\n"), 0o644)
	})
}

// aside calls do with a directory for half-made files, and renames what it returns to
// dir. So dir appears whole or not at all.
func (t *tool) aside(dir string, do func(temp string) (made string, err error)) error {
	temp, err := t.cache.Temp()
	if err != nil {
		return t.explain(err)
	}
	defer func() { _ = os.RemoveAll(temp) }() // if not, the next process does
	made, err := do(temp)
	if err != nil {
		return t.explain(err)
	}
	return t.explain(cache.Replace(made, dir))
}

// explain adds to an error of the file system what to do about it.
func (t *tool) explain(err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of %s is full (%w): free 30 MB there, or name another directory by -dir", t.cache, err)
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		return fmt.Errorf("cannot write to %s (%w): correct its permissions, or name another directory by -dir", t.cache, err)
	}
	return err
}

// complete tells whether nothing is left to do. It needs no lock, and no right to write.
func (t *tool) complete(e cache.Entry) bool {
	table, err := t.cache.Load()
	return err == nil && t.built(e.Dir, e.Stamp) && t.hasStandIn() && (!t.listed() || slices.Contains(table.Entries, e))
}

// listed tells whether libraries of the flavour are in the table, which has one for each
// target, compiler and package.
func (t *tool) listed() bool { return t.kind() == compile.Static || t.kind() == compile.Shared }

// remember enters a library into the table, and puts the stand-in for pkg-config beside
// it. The caller holds the lock.
func (t *tool) remember(e cache.Entry) error {
	if err := t.installStandIn(); err != nil {
		return t.explain(err)
	}
	table, err := t.cache.Load()
	if err != nil {
		return err
	}
	if !t.listed() || slices.Contains(table.Entries, e) {
		return nil
	}
	table.Set(e)
	return t.explain(t.cache.Save(table))
}
