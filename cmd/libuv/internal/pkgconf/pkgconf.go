package pkgconf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/uvgo/uvgo/cmd/libuv/internal/cache"
)

// Name is the program's file name: cmd/libuv copies itself there, and becomes this
// program when it is called so.
const Name = "uvgo-pkg-config"

// A Program is one run.
type Program struct {
	Cache          cache.Dir
	Self           string // the path of its own executable
	Getenv         func(string) string
	Stdout, Stderr io.Writer
}

// Run answers a command line and returns the exit status.
func (p *Program) Run(args []string) int {
	status, err := p.run(args)
	if err != nil {
		fmt.Fprintf(p.Stderr, "uvgo: %v\n", err)
		return 1
	}
	return status
}

func (p *Program) run(args []string) (int, error) {
	flags, ours, others := split(args)
	if len(ours) == 0 {
		return p.realRun(nil, args)
	}
	table, err := p.Cache.Load()
	if err != nil {
		return 1, err
	}
	var dirs []string
	for _, name := range ours {
		dir, err := p.find(&table, name)
		if err != nil {
			return 1, err
		}
		dirs = append(dirs, dir)
	}
	if slices.Contains(dirs, "") { // the system's
		return p.realRun(nil, args)
	}
	out, err := answer(flags, ours, dirs)
	if errors.Is(err, errTooHard) {
		return p.realRun(dirs, args)
	}
	if err != nil {
		return 1, err
	}
	if len(others) > 0 {
		rest, status, err := p.realOutput(slices.Concat(flags, []string{"--"}, others))
		if err != nil || status != 0 {
			return status, err
		}
		out = strings.TrimSpace(strings.TrimSpace(out)+" "+strings.TrimSpace(rest)) + "\n"
	}
	_, err = io.WriteString(p.Stdout, out)
	return 0, err
}

// split tells flags, packages of libuv's and other packages apart. What pkg-config
// permits behind a package's name, such as ">= 1.0", stays with the others.
func split(args []string) (flags, ours, others []string) {
	for _, arg := range args {
		switch {
		case arg == "--":
		case strings.HasPrefix(arg, "--"):
			flags = append(flags, arg)
		case arg == "libuv" || arg == "libuv-static":
			ours = append(ours, arg)
		default:
			others = append(others, arg)
		}
	}
	return flags, ours, others
}

// find returns the directory of a package's .pc file, or "" for the system's.
func (p *Program) find(table *cache.Table, name string) (string, error) {
	for _, dir := range filepath.SplitList(p.Getenv("PKG_CONFIG_PATH")) {
		if _, err := os.Stat(filepath.Join(dir, name+".pc")); err == nil && dir != "" {
			return filepath.Abs(dir)
		}
	}
	// The go command sets these for what it runs, even those that nobody has set.
	goos, goarch := cmp.Or(p.Getenv("GOOS"), runtime.GOOS), cmp.Or(p.Getenv("GOARCH"), runtime.GOARCH)
	cc := p.Getenv("CC")
	if e, ok := table.Find(goos, goarch, cc, name); ok {
		return e.Dir, nil
	}
	if goos == runtime.GOOS && goarch == runtime.GOARCH && !strings.Contains(cc, "musl") && p.real() != "" {
		return "", nil
	}
	command := fmt.Sprintf("go run github.com/uvgo/uvgo/cmd/libuv -goos %s -goarch %s", goos, goarch)
	if cc != "" {
		command += fmt.Sprintf(" -cc '%s'", cc)
	}
	if name == "libuv" {
		command += " -flavour shared"
	}
	return "", fmt.Errorf("no libuv for %s/%s and the compiler %q has been built: GOOS= GOARCH= %s", goos, goarch, cc, command)
}

// errTooHard is what only the real program can answer.
var errTooHard = errors.New("uvgo's stand-in for pkg-config cannot answer this")

// answer reads .pc files.
func answer(flags, names, dirs []string) (string, error) {
	defined := make(map[string]string)
	for _, flag := range flags {
		if text, ok := strings.CutPrefix(flag, "--define-variable="); ok {
			name, value, _ := strings.Cut(text, "=")
			defined[name] = value
		}
	}
	var words []string
	for i, name := range names {
		f, err := read(filepath.Join(dirs[i], name+".pc"), defined)
		if err != nil {
			return "", err
		}
		if f.fields["requires"] != "" || slices.Contains(flags, "--static") && f.fields["requires.private"] != "" {
			return "", errTooHard
		}
		for _, flag := range flags {
			key, value, _ := strings.Cut(flag, "=")
			switch key {
			case "--cflags":
				words = append(words, f.fields["cflags"])
			case "--libs":
				words = append(words, f.fields["libs"])
				if slices.Contains(flags, "--static") {
					words = append(words, f.fields["libs.private"])
				}
			case "--modversion":
				words = append(words, f.fields["version"])
			case "--variable":
				words = append(words, unescape(f.vars[value]))
			case "--atleast-version":
				if older(f.fields["version"], value) {
					return "", fmt.Errorf("%s is version %s, and %s is wanted", name, f.fields["version"], value)
				}
			case "--static", "--exists", "--define-variable", "--print-errors", "--short-errors", "--silence-errors", "--errors-to-stdout":
			default:
				return "", errTooHard
			}
		}
	}
	if text := strings.TrimSpace(strings.Join(words, " ")); text != "" {
		return text + "\n", nil
	}
	return "", nil
}

// real returns the path of the real program, or "".
func (p *Program) real() string {
	names := []string{"pkg-config", "pkgconf"}
	if table, err := p.Cache.Load(); err == nil && table.PkgConfig != "" {
		names = slices.Insert(names, 0, table.PkgConfig)
	}
	self, _ := os.Stat(p.Self)
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err == nil && !os.SameFile(info, self) {
			return path
		}
	}
	return ""
}

// realRun runs the real program with further directories to look in.
func (p *Program) realRun(dirs, args []string) (int, error) {
	cmd, err := p.command(args)
	if err != nil {
		return 1, err
	}
	if len(dirs) > 0 {
		path := slices.Concat(dirs, filepath.SplitList(p.Getenv("PKG_CONFIG_PATH")))
		cmd.Env = append(os.Environ(), "PKG_CONFIG_PATH="+strings.Join(path, string(filepath.ListSeparator)))
	}
	cmd.Stdout = p.Stdout
	return statusOf(cmd.Run())
}

func (p *Program) realOutput(args []string) (string, int, error) {
	cmd, err := p.command(args)
	if err != nil {
		return "", 1, err
	}
	out, err := cmd.Output()
	status, err := statusOf(err)
	return string(out), status, err
}

func (p *Program) command(args []string) (*exec.Cmd, error) {
	path := p.real()
	if path == "" {
		_, _, others := split(args)
		return nil, fmt.Errorf("pkg-config %s: %s knows libuv only, and this machine has no pkg-config: install it (Debian: apt-get install pkg-config)", strings.Join(others, " "), p.Self)
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin, cmd.Stderr = os.Stdin, p.Stderr
	return cmd, nil
}

// statusOf is the exit status of a command that ran.
func statusOf(err error) (int, error) {
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return max(e.ExitCode(), 1), nil
	}
	if err != nil {
		return 1, err
	}
	return 0, nil
}
