package sysinfo

import (
	"strings"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A System names the operating system, see uname(3).
type System struct {
	Name    string // such as "Linux"
	Release string
	Version string
	Machine string // such as "x86_64"
}

// Uname names the operating system. C function uv_os_uname.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_uname
func Uname() (System, error) {
	var s System
	var rc int
	s.Name, s.Release, s.Version, s.Machine, rc = cuv.Uname()
	return s, uv.Check("uname", rc)
}

// Hostname returns the host's name, as [os.Hostname] does. C function
// uv_os_gethostname.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_gethostname
func Hostname() (string, error) { return checked("hostname", cuv.Hostname) }

// Executable returns the program's path. After the program has been removed or
// replaced, [os.Executable] still returns the old path. C function uv_exepath.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_exepath
func Executable() (string, error) { return checked("exepath", cuv.Exepath) }

// WorkingDir returns the working directory's real path. [os.Getwd] prefers what the
// variable PWD says. C function uv_cwd.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_cwd
func WorkingDir() (string, error) { return checked("cwd", cuv.Cwd) }

// Chdir changes the working directory of the process, as [os.Chdir] does. EINVAL for a
// NUL in dir. C function uv_chdir.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_chdir
func Chdir(dir string) error {
	if strings.IndexByte(dir, 0) >= 0 {
		return uv.Fail("chdir", uv.EINVAL)
	}
	return uv.CheckAddr("chdir", dir, cuv.Chdir(dir))
}

// HomeDir returns the variable HOME. If HOME is not set, it returns the directory of
// the user database, which [os.UserHomeDir] does not. No other goroutine may call
// [os.Setenv] meanwhile, which changes C's environment. C function uv_os_homedir.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_homedir
func HomeDir() (string, error) { return checked("homedir", cuv.Homedir) }

// TempDir returns the first of the variables TMPDIR, TMP, TEMP and TEMPDIR that is set,
// or else /tmp, without a slash at its end. [os.TempDir] uses TMPDIR only. No other
// goroutine may call [os.Setenv] meanwhile, which changes C's environment. C function
// uv_os_tmpdir.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_tmpdir
func TempDir() (string, error) { return checked("tmpdir", cuv.Tmpdir) }

func checked(op string, read func() (string, int)) (string, error) {
	s, rc := read()
	return s, uv.Check(op, rc)
}
