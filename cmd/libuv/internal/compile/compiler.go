package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Compiler is a C compiler with its flags, such as gcc or "ccache clang --target=…".
type Compiler struct {
	Command string // as CC has it, with quotes
	Args    []string
	Version string // the first line of --version

	defines []string // of what it compiles for
}

// NewCompiler asks the compiler of a command, which consists of args, what it is. It is for the target t. The error says how to come by one.
func NewCompiler(ctx context.Context, t Target, command string, args []string) (*Compiler, error) {
	c := &Compiler{Command: command, Args: args}
	out, err := c.run(ctx, "", "--version")
	if err != nil {
		packages := "gcc libc6-dev"
		if args[0] == t.CrossCC() {
			packages = t.CrossPackage()
		}
		return nil, fmt.Errorf("no C compiler: %q does not run (%w): install gcc (Debian: apt-get install %s), or name another by -cc or CC", c, err, packages)
	}
	c.Version, _, _ = strings.Cut(strings.TrimSpace(out), "\n")
	defines, err := c.run(ctx, "", "-dM", "-E", "-x", "c", "/dev/null")
	if err != nil {
		return nil, fmt.Errorf("%q is no C compiler: %w", c, err)
	}
	c.defines = strings.Split(defines, "\n")
	return c, nil
}

// String returns the compiler's command line.
func (c *Compiler) String() string { return c.Command }

// Check tells whether it compiles for the target, and has the headers of the C library
// and of the kernel.
func (c *Compiler) Check(ctx context.Context, t Target) error {
	if !slices.ContainsFunc(machines[t.GOARCH].macros, c.defined) || !c.defined("__LP64__") {
		hint := ""
		if t.CrossCC() != "" {
			hint = fmt.Sprintf(", such as %s (Debian: apt-get install %s)", t.CrossCC(), t.CrossPackage())
		}
		return fmt.Errorf("%q does not compile for %s: name a compiler that does by -cc or CC%s", c, t, hint)
	}
	system := map[string]string{"linux": "__linux__", "darwin": "__APPLE__", "freebsd": "__FreeBSD__"}[t.GOOS]
	if !c.defined(system) {
		return fmt.Errorf("%q does not compile for %s: name a compiler that does by -cc or CC", c, t)
	}
	if out, err := c.preprocess(ctx, "#include <stdlib.h>\n"); err != nil {
		return fmt.Errorf("%q finds no headers of the C library (%s): install them (Debian: apt-get install libc6-dev)", c, firstError(out, err))
	}
	if t.GOOS != "linux" {
		return nil
	}
	if out, err := c.preprocess(ctx, "#include <linux/errqueue.h>\n"); err != nil {
		hint := "install them (Debian: apt-get install linux-libc-dev; Alpine: apk add linux-headers)"
		if strings.Contains(filepath.Base(c.Args[0]), "musl") {
			hint = fmt.Sprintf("%s, and let it use them: CC='%s -idirafter /usr/include -idirafter /usr/include/%s'", hint, c, machines[t.GOARCH].debian)
		}
		return fmt.Errorf("%q finds no headers of the kernel (%s): %s", c, firstError(out, err), hint)
	}
	return nil
}

// defined tells whether the compiler defines a macro by itself.
func (c *Compiler) defined(macro string) bool {
	return slices.ContainsFunc(c.defines, func(line string) bool { return strings.HasPrefix(line, "#define "+macro+" ") })
}

// ar returns the archiver of the compiler's own tools.
func (c *Compiler) ar(ctx context.Context) (string, error) {
	names := []string{"ar", "llvm-ar"}
	if out, err := c.run(ctx, "", "-print-prog-name=ar"); err == nil {
		names = slices.Insert(names, 0, strings.TrimSpace(out))
	}
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("no 'ar' to make a library with: install binutils (Debian: apt-get install binutils)")
}

// preprocess runs the preprocessor on a text.
func (c *Compiler) preprocess(ctx context.Context, text string) (string, error) {
	return c.run(ctx, text, "-E", "-x", "c", "-o", "/dev/null", "-")
}

// run runs the compiler and returns what it printed.
func (c *Compiler) run(ctx context.Context, stdin string, args ...string) (string, error) {
	return run(ctx, stdin, "", slices.Concat(c.Args, args)...)
}

// run runs a command in a directory and returns what it printed on both outputs.
func run(ctx context.Context, stdin, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	// What a compiler driver has started may hold its output open.
	cmd.WaitDelay = 2 * time.Second
	out, err := cmd.CombinedOutput()
	if killed(err) {
		// A terminal's Ctrl-C goes to the compiler, too, and may come here later.
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause
	}
	return string(out), err
}

// killed tells whether a signal ended a command.
func killed(err error) bool {
	e, ok := errors.AsType[*exec.ExitError](err)
	return ok && !e.Exited()
}

// firstError returns a compiler's first error, which explains the others.
func firstError(out string, err error) string {
	last := err.Error()
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		if strings.Contains(line, "error") || strings.Contains(line, "fatal") {
			return line
		}
		if line != "" {
			last = line
		}
	}
	return last
}

// Try compiles and links a text with further arguments, and throws the program away.
func (c *Compiler) Try(ctx context.Context, text string, args []string) error {
	dir, err := os.MkdirTemp("", "uvgo-libuv-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	args = slices.Concat([]string{"-o", filepath.Join(dir, "try"), "-x", "c", "-", "-x", "none"}, args)
	if out, err := c.run(ctx, text, args...); err != nil {
		return errors.New(firstError(out, err))
	}
	return nil
}
