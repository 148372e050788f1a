package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/uvgo/uvgo/cmd/libuv/internal/cache"
	"github.com/uvgo/uvgo/cmd/libuv/internal/goenv"
	"github.com/uvgo/uvgo/cmd/libuv/internal/pkgconf"
)

// shells format one variable.
var shells = map[string]func(name, value string) string{
	"sh": func(name, value string) string {
		return "export " + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	},
	"fish": func(name, value string) string {
		return "set -gx " + name + " '" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(value) + "'"
	},
	"powershell": func(name, value string) string {
		return "$env:" + name + " = '" + strings.ReplaceAll(value, "'", "''") + "'"
	},
}

// A variable is one that the go command reads.
type variable struct{ name, value string }

// tell prints or writes what go build needs.
func (t *tool) tell(ctx context.Context, e cache.Entry) error {
	if t.print == "dir" {
		fmt.Fprintln(t.stdout, e.Dir)
		return nil
	}
	env, err := goenv.Read(ctx, false)
	if err != nil {
		return err
	}
	table, err := t.cache.Load()
	if err != nil {
		return err
	}
	if t.write {
		return t.writeEnv(ctx, &table, e, env)
	}
	for _, v := range t.variables(&table, e, env) {
		fmt.Fprintln(t.stdout, shells[t.shell](v.name, v.value))
	}
	t.say("%s for %s/%s is in %s; -w makes go keep the variables above", t.pin.Version, e.GOOS, e.GOARCH, e.Dir)
	return nil
}

// variables are what a go build for the library needs beside what go has in env.
func (t *tool) variables(table *cache.Table, e cache.Entry, env map[string]string) []variable {
	vars := []variable{{"PKG_CONFIG", goenv.Quote(t.standIn())}}
	stamp := table.Stamp()
	if !t.listed() {
		vars = append(vars, variable{"PKG_CONFIG_PATH", strings.TrimSuffix(e.Dir+string(filepath.ListSeparator)+os.Getenv("PKG_CONFIG_PATH"), string(filepath.ListSeparator))})
		stamp = "0x" + e.Stamp[:8]
	}
	vars = append(vars, variable{"CGO_CFLAGS", goenv.WithStamp(env["CGO_CFLAGS"], stamp)})
	return append(vars, t.targetVariables(e, env)...)
}

// targetVariables are those that say what to build for, and by which compiler.
func (t *tool) targetVariables(e cache.Entry, env map[string]string) []variable {
	var vars []variable
	for _, v := range []variable{{"GOOS", e.GOOS}, {"GOARCH", e.GOARCH}, {"CC", e.CC}} {
		if env[v.name] != v.value {
			vars = append(vars, v)
		}
	}
	// go switches cgo off by itself where it finds no gcc, and for other targets than the machine's.
	cross := e.GOOS != env["GOHOSTOS"] || e.GOARCH != env["GOHOSTARCH"]
	if env["CGO_ENABLED"] != "1" || cross && os.Getenv("CGO_ENABLED") != "1" {
		vars = append(vars, variable{"CGO_ENABLED", "1"})
	}
	return vars
}

// standIn is the path of the program that is go's PKG_CONFIG.
func (t *tool) standIn() string { return t.cache.Path("bin", pkgconf.Name) }

// self is this program's text.
func self() ([]byte, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

func (t *tool) hasStandIn() bool {
	text, err := self()
	if err != nil {
		return false
	}
	old, err := os.ReadFile(t.standIn())
	return err == nil && bytes.Equal(old, text)
}

// installStandIn copies this program there. The caller holds the lock.
func (t *tool) installStandIn() error {
	if t.hasStandIn() {
		return nil
	}
	text, err := self()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(t.cache.Path("bin"), 0o755); err != nil {
		return err
	}
	return t.cache.WriteFile(filepath.Join("bin", pkgconf.Name), text, 0o755)
}

// writeEnv makes go keep what it needs, beside what the user has told it to keep.
func (t *tool) writeEnv(ctx context.Context, table *cache.Table, e cache.Entry, env map[string]string) error {
	kept, err := goenv.Read(ctx, true)
	if err != nil {
		return err
	}
	standIn := goenv.Quote(t.standIn())
	if old := kept["PKG_CONFIG"]; old != standIn && filepath.Base(old) != pkgconf.Name {
		table.PkgConfig = old
	}
	vars := map[string]string{
		"PKG_CONFIG": standIn,
		"CGO_CFLAGS": goenv.WithStamp(kept["CGO_CFLAGS"], table.Stamp()),
	}
	native := e.GOOS == env["GOHOSTOS"] && e.GOARCH == env["GOHOSTARCH"]
	// What go cannot do without on this machine is kept. What is for another target or by
	// another compiler the user says with each build.
	if native && t.cc == "" && os.Getenv("CC") == "" && kept["CC"] != e.CC {
		vars["CC"] = e.CC
	}
	if native && kept["CGO_ENABLED"] != "1" && (vars["CC"] != "" || os.Getenv("CC") == "") {
		vars["CGO_ENABLED"] = "1"
	}
	for _, name := range []string{"CC", "CGO_ENABLED"} {
		if vars[name] == "" {
			continue
		}
		if table.Wrote == nil {
			table.Wrote = make(map[string]string)
		}
		table.Wrote[name] = vars[name]
	}
	if err := t.save(ctx, *table); err != nil {
		return err
	}
	if err := goenv.Write(ctx, vars); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		t.say("go env -w %s='%s'", name, vars[name])
	}
	t.warnOverridden(vars)

	var prefix []string
	after, err := goenv.Read(ctx, false)
	if err != nil {
		return err
	}
	for _, v := range t.targetVariables(e, after) {
		prefix = append(prefix, v.name+"="+goenv.Quote(v.value))
	}
	t.say("%s for %s/%s is ready: %s", t.pin.Version, e.GOOS, e.GOARCH, strings.Join(append(prefix, "go build"), " "))
	return nil
}

// save writes the table under the lock.
func (t *tool) save(ctx context.Context, table cache.Table) error {
	unlock, err := t.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return t.explain(t.cache.Save(table))
}

// warnOverridden names the variables of the environment that hide what go keeps.
func (t *tool) warnOverridden(vars map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if value, ok := os.LookupEnv(name); ok && value != vars[name] && value != "" {
			t.say("the environment's %s=%s hides what go keeps: unset %s", name, value, name)
		}
	}
}

// undo takes back what writeEnv has written.
func (t *tool) undo(ctx context.Context) error {
	table, err := t.cache.Load()
	if err != nil {
		return err
	}
	kept, err := goenv.Read(ctx, true)
	if err != nil {
		return err
	}
	vars := make(map[string]string)
	if fields, err := goenv.Fields(kept["PKG_CONFIG"]); err == nil && len(fields) > 0 && filepath.Base(fields[0]) == pkgconf.Name {
		vars["PKG_CONFIG"] = table.PkgConfig
		if table.PkgConfig == "pkg-config" {
			vars["PKG_CONFIG"] = "" // go's default
		}
	}
	if flags := goenv.WithoutStamp(kept["CGO_CFLAGS"]); flags != kept["CGO_CFLAGS"] {
		vars["CGO_CFLAGS"] = flags
		if flags == goenv.DefaultCFlags {
			vars["CGO_CFLAGS"] = ""
		}
	}
	for name, value := range table.Wrote {
		if kept[name] == value {
			vars[name] = ""
		}
	}
	if len(vars) == 0 {
		t.say("go keeps nothing of this program's")
		return nil
	}
	if err := goenv.Write(ctx, vars); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if vars[name] == "" {
			t.say("go env -u %s", name)
		} else {
			t.say("go env -w %s='%s'", name, vars[name])
		}
	}
	table.PkgConfig, table.Wrote = "", nil
	if err := t.save(ctx, table); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t.say("the libraries are still in %s", t.cache)
	return nil
}
