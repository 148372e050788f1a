package compile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/uvgo/uvgo/cmd/libuv/internal/pin"
)

// A Library says what is to be built.
type Library struct {
	Pin      pin.Pin
	Target   Target
	Flavour  Flavour
	CC       *Compiler
	CFlags   []string // optimisation and debug flags
	Callouts fs.FS    // holds callouts/callouts.c and .h
}

// revision is part of the stamp. A change of this package that changes the library, and
// that Stamp does not see, needs another.
const revision = "1"

// Stamp is a hash of everything that goes into the library.
func (l *Library) Stamp() (string, error) {
	h := sha256.New()
	for _, name := range []string{"callouts/callouts.c", "callouts/callouts.h"} {
		text, err := fs.ReadFile(l.Callouts, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %q\n", name, text)
	}
	s := systems[l.Target.GOOS]
	fmt.Fprintf(h, "%s %v %s %s %q %q %q %q %q %q\n", revision, l.Pin, l.Target, l.Flavour, l.CC.Args, l.CC.Version,
		l.flags(), Sources(l.Target.GOOS), l.callouts(), s.libs)
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (l *Library) flags() []string {
	return slices.Concat(l.CFlags, l.Flavour.flags(systems[l.Target.GOOS]))
}

func (l *Library) callouts() []string {
	if l.Flavour == Plain || l.Flavour == Shared {
		return nil
	}
	return systems[l.Target.GOOS].callouts
}

// Build compiles the source in src into the directory out, which gets include, lib, a
// pkg-config file and libuv's licences. out may be renamed afterwards.
func (l *Library) Build(ctx context.Context, src, out string) error {
	obj := filepath.Join(out, "obj")
	for _, dir := range []string{obj, filepath.Join(obj, "unix"), filepath.Join(out, "lib")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	if err := os.CopyFS(filepath.Join(out, "include"), os.DirFS(filepath.Join(src, "include"))); err != nil {
		return err
	}
	for _, name := range []string{"LICENSE", "LICENSE-extra"} {
		text, err := os.ReadFile(filepath.Join(src, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(out, name), text, 0o644); err != nil {
			return err
		}
	}
	if err := os.CopyFS(obj, l.Callouts); err != nil {
		return err
	}
	objects, err := l.compile(ctx, src, obj)
	if err != nil {
		return err
	}
	if err := l.checkCalls(objects); err != nil {
		return err
	}
	if err := l.link(ctx, objects, filepath.Join(out, "lib")); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(out, l.Flavour.PC()+".pc"), []byte(l.pc()), 0o644); err != nil {
		return err
	}
	return os.RemoveAll(obj)
}

// compile makes the object files, on all CPUs, and returns their names. The first error
// ends it.
func (l *Library) compile(ctx context.Context, src, obj string) ([]string, error) {
	type job struct {
		object string
		args   []string
	}
	var jobs []job
	flags := slices.Concat(l.flags(), []string{"-ffile-prefix-map=" + src + "=libuv-" + l.Pin.Version})
	libuv := slices.Concat(flags, []string{"-I" + filepath.Join(src, "include"), "-I" + filepath.Join(src, "src")})
	if len(l.callouts()) > 0 {
		libuv = append(libuv, "-include", filepath.Join(obj, "callouts", "callouts.h"))
	}
	for _, name := range Sources(l.Target.GOOS) {
		object := filepath.Join(obj, filepath.FromSlash(name)+".o")
		jobs = append(jobs, job{object, slices.Concat(libuv, []string{"-c", filepath.Join(src, "src", filepath.FromSlash(name)+".c"), "-o", object})})
	}
	for _, name := range l.callouts() {
		object := filepath.Join(obj, "callout_"+name+".o")
		jobs = append(jobs, job{object, slices.Concat(flags, []string{"-ffile-prefix-map=" + obj + "=libuv-" + l.Pin.Version,
			"-DCALLOUT_" + name, "-c", filepath.Join(obj, "callouts", "callouts.c"), "-o", object})})
	}

	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var objects []string
	queue := make(chan job, len(jobs))
	for _, j := range jobs {
		objects = append(objects, j.object)
		queue <- j
	}
	close(queue)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range queue {
				if ctx.Err() != nil {
					return
				}
				if out, err := l.CC.run(ctx, "", j.args...); err != nil && ctx.Err() == nil {
					stop(l.failed(out, err))
				}
			}
		})
	}
	workers.Wait()
	return objects, context.Cause(ctx)
}

func (l *Library) failed(out string, err error) error {
	first := firstError(out, err)
	if strings.Contains(strings.ToLower(out), "no space left") {
		return errors.New("the disk is full: " + first)
	}
	return fmt.Errorf("the C compiler failed (%s): does %q have the headers of its C library and of the kernel?", first, l.CC)
}

// link makes the library of the object files.
func (l *Library) link(ctx context.Context, objects []string, lib string) error {
	if l.Flavour == Shared {
		args := slices.Concat([]string{"-shared", "-Wl,-soname,libuv.so.1", "-o", filepath.Join(lib, "libuv.so.1.0.0")}, objects, systems[l.Target.GOOS].libs)
		if out, err := l.CC.run(ctx, "", args...); err != nil {
			return fmt.Errorf("the linker failed: %s", firstError(out, err))
		}
		return errors.Join(os.Symlink("libuv.so.1.0.0", filepath.Join(lib, "libuv.so.1")), os.Symlink("libuv.so.1", filepath.Join(lib, "libuv.so")))
	}
	ar, err := l.CC.ar(ctx)
	if err != nil {
		return err
	}
	mode := "rcsD" // D: no time stamps
	if runtime.GOOS == "darwin" {
		mode = "rcs"
	}
	if out, err := run(ctx, "", "", slices.Concat([]string{ar, mode, filepath.Join(lib, "libuv.a")}, objects)...); err != nil {
		return fmt.Errorf("ar failed: %s", firstError(out, err))
	}
	return nil
}

// pc is the text of the pkg-config file. It stands beside lib and include, and the tree
// may be moved.
func (l *Library) pc() string {
	libs := "-l:libuv.a"
	if l.Flavour == Shared || l.Target.GOOS == "darwin" {
		libs = "-luv"
	}
	if l.Flavour == UBSan {
		libs += " -fsanitize=undefined" // go build has no flag that links the sanitizer
	}
	cflags := ""
	if len(l.callouts()) > 0 {
		cflags = " -DUVGO_CALLOUTS"
	}
	return fmt.Sprintf(`prefix=${pcfiledir}
libdir=${prefix}/lib
includedir=${prefix}/include

Name: %s
Version: %s
Description: multi-platform support library with a focus on asynchronous I/O.
URL: https://libuv.org/

Libs: -L${libdir} %s %s
Cflags: -I${includedir}%s
`, l.Flavour.PC(), l.Pin.Version, libs, strings.Join(systems[l.Target.GOOS].libs, " "), cflags)
}
