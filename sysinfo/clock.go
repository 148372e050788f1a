package sysinfo

import (
	"time"

	"github.com/uvgo/uvgo/cuv"
	"github.com/uvgo/uvgo/uv"
)

// Hrtime returns the time of the clock that loops use, from an arbitrary origin. C
// function uv_hrtime.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_hrtime
func Hrtime() time.Duration { return cuv.Hrtime() }

// Monotonic returns the time of the system's monotonic clock, from an arbitrary origin.
// C function uv_clock_gettime.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_clock_gettime
func Monotonic() (time.Duration, error) {
	sec, nsec, rc := cuv.ClockGettime(true)
	return time.Duration(sec)*time.Second + time.Duration(nsec), uv.Check("clock gettime", rc)
}

// Realtime returns the time of day, in nanoseconds, without the monotonic reading of
// [time.Now]. C function uv_clock_gettime.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_clock_gettime
func Realtime() (time.Time, error) {
	sec, nsec, rc := cuv.ClockGettime(false)
	if rc < 0 {
		return time.Time{}, uv.Check("clock gettime", rc)
	}
	return time.Unix(sec, nsec), nil
}

// TimeOfDay returns the time of day in microseconds. C function uv_gettimeofday.
//
// https://docs.libuv.org/en/v1.x/misc.html#c.uv_gettimeofday
func TimeOfDay() (time.Time, error) {
	sec, usec, rc := cuv.Gettimeofday()
	if rc < 0 {
		return time.Time{}, uv.Check("gettimeofday", rc)
	}
	return time.Unix(sec, usec*1000), nil
}
