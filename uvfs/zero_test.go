package uvfs_test

import (
	"context"
	"io/fs"
	"os"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
	"github.com/uvgo/uvgo/uvfs"
)

func TestZeroFilesAnswerWithErrors(t *testing.T) {
	// Close of an FS on no loop of its own does nothing; a nil *Tree panics.
	uvtest.ZeroValues(t, []string{"FS.Close", "!Tree"}, uvfs.FS{}, uvfs.File{}, uvfs.Dir{}, uvfs.Tree{})
}

// TestNilContextIsAnError: each call that takes a context fails, and does nothing.
func TestNilContextIsAnError(t *testing.T) {
	f := newFS(t)
	dir := t.TempDir()
	file := uvtest.Must(f.Create(t.Context(), dir+"/f"))
	var none context.Context
	v := reflect.ValueOf(f)
	for i := range v.NumMethod() {
		name, m := v.Type().Method(i).Name, v.Method(i)
		if m.Type().NumIn() == 0 || m.Type().In(0) != reflect.TypeFor[context.Context]() || name == "DirFS" {
			continue
		}
		args := []reflect.Value{reflect.Zero(m.Type().In(0))}
		for j := 1; j < m.Type().NumIn(); j++ {
			switch in := m.Type().In(j); {
			case in == reflect.TypeFor[string]() && name != "MkdirTemp" && name != "CreateTemp":
				args = append(args, reflect.ValueOf(dir+"/f"))
			case in == reflect.TypeFor[fs.FS]():
				args = append(args, reflect.ValueOf(fs.FS(fstest.MapFS{"a": {}})))
			default:
				args = append(args, reflect.Zero(in))
			}
		}
		call := m.Call
		if m.Type().IsVariadic() {
			call = m.CallSlice
		}
		out := call(args)
		err, _ := out[len(out)-1].Interface().(error)
		uvtest.IsErr(t, name, err, uv.EINVAL)
	}
	_, err := file.With(none).Read(make([]byte, 1))
	uvtest.IsErr(t, "File.Read", err, uv.EINVAL)
	_, err = file.With(none).Stat()
	uvtest.IsErr(t, "File.Stat", err, uv.EINVAL)
	_, err = f.DirFS(none, dir).Open("f")
	uvtest.IsErr(t, "Tree.Open", err, uv.EINVAL)
	uvtest.Check(t, file.Close())
	if _, err := os.Stat(dir + "/f"); err != nil {
		t.Error(err)
	}
}
