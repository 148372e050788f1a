package handles_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/internal/looptest"
	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uv"
)

// everyHandle makes one handle of each type.
func everyHandle(t testing.TB, l *uvgo.Loop) map[string]uv.Handle {
	t.Helper()
	sh := handles.ProcessOptions{File: "/bin/sh", Args: []string{"sh", "-c", "read x"}, KillOnClose: true}
	sh.Stdio = []handles.Stdio{handles.StdioPipe(handles.ChildReads)}
	child := uvtest.Must(l.Spawn(sh, nil))
	r, w, err := os.Pipe()
	uvtest.Check(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return map[string]uv.Handle{
		"TCP": uvtest.Must(l.NewTCP()), "Pipe": uvtest.Must(l.NewPipe()), "Pipe with IPC": uvtest.Must(l.NewPipe(handles.IPC)),
		"connection": uvtest.Must(l.NewTCP(handles.WithSocket(handles.IPv4))), "end of a pair": child.Stdio(0),
		"TTY": uvtest.Must(l.NewTTY(uvtest.NewPTY(t).Fd())), "UDP": uvtest.Must(l.NewUDP()), "Poll": uvtest.Must(l.NewPoll(r.Fd())),
		"Timer": uvtest.Must(l.NewTimer()), "Async": uvtest.Must(l.NewAsync(nil)), "Idle": uvtest.Must(l.NewIdle()),
		"Prepare": uvtest.Must(l.NewPrepare()), "Check": uvtest.Must(l.NewCheck()), "Signal": uvtest.Must(l.NewSignal()),
		"Process": child, "FSEvent": uvtest.Must(l.NewFSEvent()), "FSPoll": uvtest.Must(l.NewFSPoll()),
	}
}

// methods returns the names of the methods that users of a handle call.
func methods(h uv.Handle) (names []string) {
	typ := reflect.TypeOf(h)
	for i := range typ.NumMethod() {
		if name := typ.Method(i).Name; name != "Complete" && name != "Deliver" { // the loop's
			names = append(names, name)
		}
	}
	return names
}

// A caller calls methods with arguments that it makes.
type caller struct {
	t    testing.TB
	arg  func(typ reflect.Type) any // nil: the zero value
	loop *uvgo.Loop
}

// call calls a method and returns its results; a panic fails the test.
func (c *caller) call(who string, h uv.Handle, method string) (results []reflect.Value) {
	c.t.Helper()
	defer func() {
		if p := recover(); p != nil {
			c.t.Errorf("%s.%s panics: %v", who, method, p)
		}
	}()
	m := reflect.ValueOf(h).MethodByName(method)
	var args []reflect.Value
	for i := range m.Type().NumIn() {
		typ := m.Type().In(i)
		arg := reflect.Zero(typ)
		if v := c.arg(typ); v != nil {
			arg = reflect.ValueOf(v).Convert(typ)
		}
		args = append(args, arg)
	}
	if m.Type().IsVariadic() {
		return m.CallSlice(args)
	}
	return m.Call(args)
}

// errorOf splits a method's results.
func errorOf(results []reflect.Value) (values []reflect.Value, err error, has bool) {
	n := len(results)
	if n == 0 || results[n-1].Type() != reflect.TypeFor[error]() {
		return results, nil, false
	}
	err, _ = results[n-1].Interface().(error)
	return results[:n-1], err, true
}

// nothing is a caller's arg for zero values.
func nothing(reflect.Type) any { return nil }

// callback makes a function of any type, which returns zero values.
func callback(typ reflect.Type, fn func()) any {
	return reflect.MakeFunc(typ, func([]reflect.Value) (results []reflect.Value) {
		fn()
		for i := range typ.NumOut() {
			results = append(results, reflect.Zero(typ.Out(i)))
		}
		return results
	}).Interface()
}

// sensible makes arguments that a method may accept.
func sensible(t testing.TB, l *uvgo.Loop) func(typ reflect.Type) any {
	other := uvtest.Must(l.NewTCP())
	t.Cleanup(func() { uvtest.Check(t, other.Close()) })
	return func(typ reflect.Type) any {
		switch typ {
		case reflect.TypeFor[netip.AddrPort]():
			return netip.MustParseAddrPort("127.0.0.1:9")
		case reflect.TypeFor[netip.Addr]():
			return netip.MustParseAddr("127.0.0.1")
		case reflect.TypeFor[os.Signal]():
			return syscall.SIGWINCH
		case reflect.TypeFor[syscall.Conn]():
			return os.Stdin
		case reflect.TypeFor[uv.Handle]():
			return other
		case reflect.TypeFor[[]byte]():
			return []byte("x")
		case reflect.TypeFor[[][]byte]():
			return [][]byte{[]byte("x")}
		case reflect.TypeFor[[]handles.Datagram]():
			return []handles.Datagram{{Data: []byte("x"), Addr: netip.MustParseAddrPort("127.0.0.1:9")}}
		case reflect.TypeFor[time.Duration]():
			return time.Millisecond
		}
		switch typ.Kind() {
		case reflect.Func:
			return callback(typ, func() { t.Errorf("a closed handle calls a %v", typ) })
		case reflect.String:
			return "/dev/null"
		case reflect.Int, reflect.Uint:
			return 1
		case reflect.Bool:
			return true
		}
		return nil
	}
}

// TestEveryMethodOfAClosedHandle: every method that returns an error fails, and the
// others return zero, both while the handle closes and afterwards.
func TestEveryMethodOfAClosedHandle(t *testing.T) {
	answers := []string{"Kind", "String", "Base", "Close", "Closing", "HasRef", "PID", "Stdio", "CreatedBy"}
	for _, opts := range [][]uvgo.Option{nil, {uvgo.WithDebug()}} {
		l := looptest.New(t, opts...)
		all := everyHandle(t, l)
		closed := 0
		for _, h := range all {
			h.(interface{ OnClose(fn func()) }).OnClose(func() { closed++ })
		}
		for _, args := range []func(reflect.Type) any{nothing, sensible(t, l)} {
			c := caller{t, args, l}
			expectRefusals := func(state string) {
				for who, h := range all {
					for _, name := range methods(h) {
						if name == "OnClose" && state == "closing" {
							continue // not too late
						}
						what := state + " " + who + "." + name
						values, err, has := errorOf(c.call(state+" "+who, h, name))
						if name == "Close" {
							uvtest.Check(t, err)
						} else if has {
							uvtest.IsErr(t, what, err, uv.ErrClosed)
						}
						for _, v := range values {
							if name == "FD" && v.Int() == -1 || slices.Contains(answers, name) {
								continue
							}
							if !v.IsZero() {
								t.Errorf("%s: %v", what, v)
							}
						}
					}
				}
			}
			for _, h := range all {
				uvtest.Check(t, h.Close())
			}
			expectRefusals("closing")
			looptest.Until(t, l, func() bool { return closed == len(all) }) // a child's handle closes when it has been reaped
			expectRefusals("closed")
		}
	}
}

// mayBeNil are the methods whose callback may be nil.
var mayBeNil = []string{"WriteFunc", "StartWrite", "Shutdown", "SendFunc", "WriteHandle", "WriteFile", "OnClose", "OnWritten", "OnDrain", "OnSent", "OnDrained"}

// TestEveryMethodWithoutACallback: methods that take a callback return EINVAL for nil
// before any other error, and change nothing.
func TestEveryMethodWithoutACallback(t *testing.T) {
	l := looptest.New(t)
	all := everyHandle(t, l)
	good := sensible(t, l)
	c := caller{t, func(typ reflect.Type) any {
		if typ.Kind() == reflect.Func {
			return nil
		}
		return good(typ)
	}, l}
	seen := 0
	for who, h := range all {
		for _, name := range methods(h) {
			typ := reflect.ValueOf(h).MethodByName(name).Type()
			takes := false
			for i := range typ.NumIn() {
				takes = takes || typ.In(i).Kind() == reflect.Func
			}
			if !takes || slices.Contains(mayBeNil, name) {
				continue
			}
			seen++
			active := h.Active()
			_, err, _ := errorOf(c.call(who, h, name))
			uvtest.IsErr(t, who+"."+name, err, uv.EINVAL)
			if h.Active() != active {
				t.Errorf("%s.%s has changed what is active", who, name)
			}
		}
	}
	if seen < 25 {
		t.Errorf("only %d methods take a callback", seen)
	}
	for _, h := range all {
		uvtest.Check(t, h.Close())
	}
	looptest.Turn(t, l, 1)
}

// hostile makes arguments that almost every method has to refuse.
func hostile(r *rand.Rand, foreign uv.Handle) func(typ reflect.Type) any {
	pick := func(of ...any) any { return of[r.IntN(len(of))] }
	zone := netip.MustParseAddr("fe80::1%no-such-interface")
	return func(typ reflect.Type) any {
		switch typ {
		case reflect.TypeFor[netip.AddrPort]():
			return pick(netip.AddrPort{}, netip.AddrPortFrom(zone, 9), netip.AddrPortFrom(netip.Addr{}, 9))
		case reflect.TypeFor[netip.Addr]():
			return pick(netip.Addr{}, zone, netip.IPv6Loopback())
		case reflect.TypeFor[os.Signal]():
			return pick(syscall.Signal(-1), syscall.SIGKILL+1<<32, syscall.Signal(math.MinInt), syscall.Signal(99))
		case reflect.TypeFor[syscall.Conn]():
			return pick((*os.File)(nil))
		case reflect.TypeFor[uv.Handle]():
			return pick(foreign, (*handles.TCP)(nil), new(handles.Pipe))
		case reflect.TypeFor[time.Duration]():
			return pick(time.Duration(math.MinInt64), time.Duration(-1), time.Duration(math.MaxInt64))
		case reflect.TypeFor[[][]byte]():
			return pick([][]byte(nil), [][]byte{}, [][]byte{nil, {}, nil})
		case reflect.TypeFor[[]handles.Datagram]():
			return pick([]handles.Datagram(nil), make([]handles.Datagram, 100))
		}
		switch typ.Kind() {
		case reflect.Func:
			if r.IntN(2) == 0 {
				return nil
			}
			return callback(typ, func() {})
		case reflect.String:
			return pick("", "a\x00b", "\x00a\x00", strings.Repeat("x", 1<<16), "/no/such/path")
		case reflect.Int:
			return pick(-1, math.MinInt, math.MaxInt, 1<<32)
		case reflect.Uintptr:
			return pick(^uintptr(0), uintptr(1)<<40, uintptr(math.MaxInt32), uintptr(9999))
		case reflect.Slice: // options
			if typ.Elem().Kind() == reflect.Uint {
				s := reflect.MakeSlice(typ, 1, 1)
				s.Index(0).SetUint(1 << 20)
				return s.Interface()
			}
		}
		return nil
	}
}

// TestHostileArguments calls all methods in random order on handles that were never
// opened. Each error names the call, and the loop goes on and closes.
func TestHostileArguments(t *testing.T) {
	foreignLoop := looptest.New(t)
	foreign := uvtest.Must(foreignLoop.NewTCP())
	defer func() { uvtest.Check(t, foreign.Close()) }()
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		l := uvtest.Must(uvgo.New())
		all := everyHandle(t, l)
		c := caller{t, hostile(r, foreign), l}
		for range 3 {
			for who, h := range all {
				names := methods(h)
				r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
				for _, name := range names {
					if name == "Close" || name == "CloseReset" {
						continue
					}
					_, err, _ := errorOf(c.call(who, h, name))
					var e *uv.Error
					var op *uv.OpError
					if err != nil && !errors.As(err, &e) && !errors.As(err, &op) {
						t.Errorf("seed %d: %s.%s: %T %v", seed, who, name, err, err)
					}
					if e != nil && e.Op == "" || op != nil && op.Op == "" {
						t.Errorf("seed %d: %s.%s: %q does not name the call", seed, who, name, err)
					}
				}
			}
			looptest.Turn(t, l, 1)
		}
		uvtest.Check(t, l.Shutdown(t.Context()))
		if t.Failed() {
			return
		}
	}
	looptest.Run(t, foreignLoop)
}
