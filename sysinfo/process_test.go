package sysinfo_test

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/sysinfo"
	"github.com/uvgo/uvgo/uv"
)

func init() {
	uvtest.Helper("priority", priorityHelper)
	uvtest.Helper("directories", directoriesHelper)
	uvtest.Helper("chdir", chdirHelper)
}

// TestUsers compares with package os/user, which reads the same database.
func TestUsers(t *testing.T) {
	compare := func(what string, got sysinfo.User, want *user.User) {
		t.Helper()
		if got.Name != want.Username || strconv.Itoa(got.UID) != want.Uid || strconv.Itoa(got.GID) != want.Gid || got.Home != want.HomeDir {
			t.Errorf("%s: %+v, os/user says %+v", what, got, want)
		}
	}
	for _, uid := range []int{0, os.Geteuid()} {
		want, err := user.LookupId(strconv.Itoa(uid))
		if err != nil {
			continue // a user without an entry
		}
		compare(want.Uid, uvtest.Must(sysinfo.UserByID(uid)), want)
		if uid == os.Geteuid() {
			compare("current", uvtest.Must(sysinfo.CurrentUser()), want)
		}
	}
	_, err := sysinfo.UserByID(math.MaxUint32 - 17)
	uvtest.IsErr(t, "no such user", err, fs.ErrNotExist)
	for _, uid := range []int{-1, math.MaxUint32, math.MaxInt64} {
		_, err := sysinfo.UserByID(uid)
		uvtest.IsErr(t, "no user", err, uv.EINVAL)
	}
}

// TestGroups compares with /etc/group.
func TestGroups(t *testing.T) {
	text, err := os.ReadFile("/etc/group")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[int]bool)
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) != 4 {
			continue
		}
		gid, err := strconv.Atoi(f[2])
		if err != nil || seen[gid] { // the first entry counts
			continue
		}
		seen[gid] = true
		g := uvtest.Must(sysinfo.GroupByID(gid))
		if g.Name != f[0] || g.GID != gid || strings.Join(g.Members, ",") != f[3] {
			t.Errorf("%+v, /etc/group says %q", g, f)
		}
	}
	if !seen[0] {
		t.Error("/etc/group has no group 0")
	}
	_, err = sysinfo.GroupByID(math.MaxUint32 - 17)
	uvtest.IsErr(t, "no such group", err, fs.ErrNotExist)
	for _, gid := range []int{-1, math.MaxUint32} {
		_, err := sysinfo.GroupByID(gid)
		uvtest.IsErr(t, "no group", err, uv.EINVAL)
	}
}

func TestPIDs(t *testing.T) {
	if sysinfo.PID() != os.Getpid() || sysinfo.ParentPID() != os.Getppid() {
		t.Errorf("%d, %d; os says %d, %d", sysinfo.PID(), sysinfo.ParentPID(), os.Getpid(), os.Getppid())
	}
}

// TestPriority lowers the priority in a process of its own, because the process may not
// raise it again.
func TestPriority(t *testing.T) {
	want, err := unix.Getpriority(unix.PRIO_PROCESS, os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "linux" {
		want = 20 - want // the system call's own scale
	}
	if got := uvtest.Must(sysinfo.Priority(os.Getpid())); got != want {
		t.Errorf("priority %d, the system says %d", got, want)
	}
	_, err = sysinfo.Priority(math.MaxInt32)
	uvtest.IsErr(t, "no process", err, unix.ESRCH)
	uvtest.IsErr(t, "no process", sysinfo.SetPriority(math.MaxInt32, 0), unix.ESRCH)
	for _, pid := range []int{1 << 32, -1 << 32, math.MaxInt64} { // whose lower half is 0, the caller
		_, err = sysinfo.Priority(pid)
		uvtest.IsErr(t, "no process", err, unix.ESRCH)
		uvtest.IsErr(t, "no process", sysinfo.SetPriority(pid, sysinfo.PriorityNormal), unix.ESRCH)
	}
	for _, p := range []int{sysinfo.PriorityLow + 1, sysinfo.PriorityHighest - 1} {
		uvtest.IsErr(t, "priority out of range", sysinfo.SetPriority(0, p), uv.EINVAL)
	}
	if out, err := uvtest.Command(t, "priority").CombinedOutput(); err != nil || string(out) != "19\n" {
		t.Errorf("lowered: %q, %v", out, err)
	}
}

func priorityHelper() {
	if err := sysinfo.SetPriority(os.Getpid(), sysinfo.PriorityLow); err != nil {
		fmt.Println(err)
	}
	fmt.Println(uvtest.Must(sysinfo.Priority(os.Getpid())))
}

// TestProcessUsage: the usage is between two readings of the system's, and a thread's
// usage is not higher.
func TestProcessUsage(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for start := time.Now(); time.Since(start) < 20*time.Millisecond; { // use some
	}
	reading := func(who int) (u syscall.Rusage) {
		if err := syscall.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		return u
	}
	for _, c := range []struct {
		who  int
		read func() (sysinfo.Usage, error)
	}{{syscall.RUSAGE_SELF, sysinfo.ProcessUsage}, {unix.RUSAGE_THREAD, sysinfo.ThreadUsage}} {
		before := reading(c.who)
		got := uvtest.Must(c.read())
		after := reading(c.who)
		between := func(what string, lo, got, hi int64) {
			t.Helper()
			if got < lo || got > hi {
				t.Errorf("who %d: %s %d is not between %d and %d", c.who, what, got, lo, hi)
			}
		}
		between("user time", before.Utime.Nano(), int64(got.User), after.Utime.Nano())
		between("system time", before.Stime.Nano(), int64(got.System), after.Stime.Nano())
		between("resident set", before.Maxrss<<10, int64(got.MaxResident), after.Maxrss<<10)
		between("minor faults", before.Minflt, int64(got.MinorFaults), after.Minflt)
		between("major faults", before.Majflt, int64(got.MajorFaults), after.Majflt)
		between("block reads", before.Inblock, int64(got.BlockReads), after.Inblock)
		between("block writes", before.Oublock, int64(got.BlockWrites), after.Oublock)
		between("voluntary switches", before.Nvcsw, int64(got.VoluntarySwitches), after.Nvcsw)
		between("involuntary switches", before.Nivcsw, int64(got.InvoluntarySwitches), after.Nivcsw)
		if got.User+got.System == 0 {
			t.Errorf("who %d: no time was used", c.who)
		}
	}
}

// TestDirectories asks processes with different environments.
func TestDirectories(t *testing.T) {
	if got, want := uvtest.Must(sysinfo.Executable()), uvtest.Must(filepath.EvalSymlinks(uvtest.Must(os.Executable()))); got != want {
		t.Errorf("executable %q, os says %q", got, want)
	}
	if got, want := uvtest.Must(sysinfo.WorkingDir()), uvtest.Must(filepath.EvalSymlinks(uvtest.Must(os.Getwd()))); got != want {
		t.Errorf("working directory %q, os says %q", got, want)
	}
	home := "-"
	if u, err := sysinfo.CurrentUser(); err == nil {
		home = u.Home
	}
	for _, c := range []struct {
		env  []string
		want string
	}{
		{nil, home + " /tmp\n"},
		{[]string{"HOME=/h", "TEMP=/temp/"}, "/h /temp\n"},
		{[]string{"HOME=/h/", "TEMPDIR=/d", "TMP=/t", "TMPDIR=/"}, "/h/ /\n"},
	} {
		cmd := uvtest.Command(t, "directories")
		env := c.env
		for _, kv := range cmd.Env {
			switch name, _, _ := strings.Cut(kv, "="); name {
			case "HOME", "TMPDIR", "TMP", "TEMP", "TEMPDIR":
			default:
				env = append(env, kv)
			}
		}
		cmd.Env = env
		if out, err := cmd.CombinedOutput(); err != nil || string(out) != c.want {
			t.Errorf("%q: %q, %v; want %q", c.env, out, err, c.want)
		}
	}
}

func directoriesHelper() {
	home, err := sysinfo.HomeDir()
	if err != nil {
		home = "-"
	}
	fmt.Println(home, uvtest.Must(sysinfo.TempDir()))
}

func TestChdir(t *testing.T) {
	uvtest.IsErr(t, "no directory", sysinfo.Chdir(filepath.Join(t.TempDir(), "none")), fs.ErrNotExist)
	uvtest.IsErr(t, "NUL", sysinfo.Chdir("/\x00"), uv.EINVAL)
	uvtest.IsErr(t, "empty", sysinfo.Chdir(""), fs.ErrNotExist)
	dir := uvtest.Must(filepath.EvalSymlinks(t.TempDir()))
	deep := filepath.Join(dir, strings.Repeat("d/", 100)+strings.Repeat("n", 255)) // longer than a small buffer
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{dir, deep} {
		if out, err := uvtest.Command(t, "chdir", d).CombinedOutput(); err != nil || string(out) != d+"\n" {
			t.Errorf("%q, %v; want %q", out, err, d)
		}
	}
}

func chdirHelper() {
	if err := sysinfo.Chdir(os.Args[1]); err != nil {
		fmt.Println(err)
	}
	fmt.Println(uvtest.Must(sysinfo.WorkingDir()))
}
