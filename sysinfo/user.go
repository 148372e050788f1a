package sysinfo

import (
	"math"
	"strconv"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// A User is an entry of the user database.
type User struct {
	Name  string
	UID   int
	GID   int // of the main group
	Home  string
	Shell string
}

// CurrentUser returns the entry of the process's effective user. Unlike os/user.Current
// it ignores the environment. ENOENT if there is no entry. C function uv_os_get_passwd.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_get_passwd
func CurrentUser() (User, error) {
	p, rc := cuv.CurrentPasswd()
	return user(p), uv.Check("get passwd", rc)
}

// UserByID returns a user's entry. ENOENT if there is none, EINVAL if uid cannot be a
// user ID. C function uv_os_get_passwd2.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_get_passwd2
func UserByID(uid int) (User, error) {
	if !isID(uid) {
		return User{}, uv.FailAddr("get passwd", strconv.Itoa(uid), uv.EINVAL)
	}
	p, rc := cuv.PasswdOf(uint32(uid))
	return user(p), uv.CheckAddr("get passwd", strconv.Itoa(uid), rc)
}

func user(p cuv.Passwd) User {
	return User{p.Username, int(p.UID), int(p.GID), p.Homedir, p.Shell}
}

// isID tells whether n can be the ID of a user or a group. The largest number is not
// one: the system uses it for "no ID".
func isID(n int) bool { return n >= 0 && int64(n) < math.MaxUint32 }

// A Group is an entry of the group database.
type Group struct {
	Name    string
	GID     int
	Members []string // without the users whose main group it is
}

// GroupByID returns a group's entry. ENOENT if there is none, EINVAL if gid cannot be a
// group ID. C function uv_os_get_group.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_os_get_group
func GroupByID(gid int) (Group, error) {
	if !isID(gid) {
		return Group{}, uv.FailAddr("get group", strconv.Itoa(gid), uv.EINVAL)
	}
	name, members, rc := cuv.GroupOf(uint32(gid))
	if rc < 0 {
		return Group{}, uv.CheckAddr("get group", strconv.Itoa(gid), rc)
	}
	return Group{name, gid, members}, nil
}
