package goenv

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// names are the variables that this program reads.
var names = []string{"GOOS", "GOARCH", "GOHOSTOS", "GOHOSTARCH", "GOVERSION", "GOENV", "CC", "CGO_ENABLED", "CGO_CFLAGS", "PKG_CONFIG"}

// DefaultCFlags is go's CGO_CFLAGS where nobody has set it.
const DefaultCFlags = "-O2 -g"

// Read returns what go takes for its variables. With kept it leaves out what the
// process's environment says, so that what is left is the defaults and what "go env -w" keeps.
func Read(ctx context.Context, kept bool) (map[string]string, error) {
	cmd, err := command(ctx, append([]string{"env", "-json"}, names...)...)
	if err != nil {
		return nil, err
	}
	if kept {
		cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool {
			name, _, _ := strings.Cut(kv, "=")
			return slices.Contains(names, name) && name != "GOENV"
		})
	}
	out, err := output(cmd)
	if err != nil {
		return nil, err
	}
	env := make(map[string]string)
	if err := json.Unmarshal(out, &env); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	return env, nil
}

// Write makes go keep variables. An empty value makes it forget one.
func Write(ctx context.Context, vars map[string]string) error {
	var set, unset []string
	for name, value := range vars {
		if value == "" {
			unset = append(unset, name)
		} else {
			set = append(set, name+"="+value)
		}
	}
	for flag, args := range map[string][]string{"-w": set, "-u": unset} {
		if len(args) == 0 {
			continue
		}
		slices.Sort(args)
		cmd, err := command(ctx, append([]string{"env", flag}, args...)...)
		if err != nil {
			return err
		}
		// go warns of variables that the environment overrides: the caller does so itself.
		cmd.Env = slices.DeleteFunc(cmd.Env, func(kv string) bool {
			name, _, _ := strings.Cut(kv, "=")
			_, ok := vars[name]
			return ok
		})
		if _, err := output(cmd); err != nil {
			return err
		}
	}
	return nil
}

func command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return nil, errors.New("no 'go' on PATH: install Go (go.dev/doc/install)")
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = os.Environ()
	// A module there might want another Go.
	cmd.Dir = string(os.PathSeparator)
	return cmd, nil
}

func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	if e, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil, fmt.Errorf("%s: %s", strings.Join(cmd.Args, " "), strings.TrimSpace(string(e.Stderr)))
	}
	return out, err
}

// stampFlag is the beginning of the flag that stands for the libuv at hand.
const stampFlag = "-DUVGO_LIBUV_STAMP="

// WithStamp returns C flags with the stamp, which replaces an earlier one.
func WithStamp(flags, stamp string) string {
	return strings.TrimSpace(WithoutStamp(flags) + " " + stampFlag + stamp)
}

// WithoutStamp returns C flags without the stamp.
func WithoutStamp(flags string) string {
	if !strings.Contains(flags, stampFlag) {
		return flags
	}
	words := strings.Split(flags, " ") // not Fields: what is quoted stays as it is
	words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, stampFlag) })
	return strings.TrimSpace(strings.Join(words, " "))
}

// Fields splits a command such as CC's at spaces, as go does: quotes keep a field whole.
func Fields(s string) ([]string, error) {
	var fields []string
	for {
		s = strings.TrimLeft(s, " \t\n\r")
		if s == "" {
			return fields, nil
		}
		if q := s[0]; q == '"' || q == '\'' {
			field, rest, ok := strings.Cut(s[1:], string(q))
			if !ok {
				return nil, fmt.Errorf("unterminated %c string", q)
			}
			fields, s = append(fields, field), rest
			continue
		}
		i := strings.IndexAny(s, " \t\n\r")
		if i < 0 {
			i = len(s)
		}
		fields, s = append(fields, s[:i]), s[i:]
	}
}

// Quote is the opposite of Fields for one field.
func Quote(field string) string {
	switch {
	case !strings.ContainsAny(field, " \t\n\r'\""):
		return field
	case !strings.Contains(field, "'"):
		return "'" + field + "'"
	}
	return `"` + field + `"`
}
