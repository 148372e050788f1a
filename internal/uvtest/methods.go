//go:build unix

package uvtest

import (
	"context"
	"io"
	"reflect"
	"time"
)

// A Call is a call of a method that Methods made.
type Call struct {
	Name    string
	Results []any
	Fails   bool // its last result is an error
	Err     error
	Panic   any
}

// Zero tells whether all results but an error are zero values.
func (c *Call) Zero() bool {
	n := len(c.Results)
	if c.Fails {
		n--
	}
	for _, r := range c.Results[:n] {
		if v := reflect.ValueOf(r); v.IsValid() && !v.IsZero() {
			return false
		}
	}
	return true
}

// Methods calls every exported method of v that skip does not name, and returns the
// calls with their results. Contexts are context.Background, functions do nothing,
// durations are a millisecond, writers discard; all other arguments are zero.
func Methods(v any, skip func(name string) bool) []Call {
	var calls []Call
	val := reflect.ValueOf(v)
	for i := range val.NumMethod() {
		m := val.Type().Method(i)
		if skip(m.Name) {
			continue
		}
		c := Call{Name: m.Name}
		call(&c, val.Method, i)
		calls = append(calls, c)
	}
	return calls
}

func call(c *Call, method func(int) reflect.Value, i int) {
	defer func() { c.Panic = recover() }()
	f := method(i) // may panic for a nil pointer
	typ := f.Type()
	if n := typ.NumOut(); n > 0 {
		c.Fails = typ.Out(n-1) == reflect.TypeFor[error]()
	}
	var args []reflect.Value
	for j := range typ.NumIn() {
		if typ.IsVariadic() && j == typ.NumIn()-1 {
			break
		}
		args = append(args, argument(typ.In(j)))
	}
	for _, r := range f.Call(args) {
		c.Results = append(c.Results, r.Interface())
	}
	if c.Fails {
		c.Err, _ = c.Results[len(c.Results)-1].(error)
	}
}

// argument returns a plausible argument of a type.
func argument(typ reflect.Type) reflect.Value {
	switch {
	case typ == reflect.TypeFor[context.Context]():
		return reflect.ValueOf(context.Background())
	case typ == reflect.TypeFor[time.Duration]():
		return reflect.ValueOf(time.Millisecond)
	case typ == reflect.TypeFor[io.Writer]():
		return reflect.ValueOf(io.Discard)
	case typ.Kind() == reflect.Func:
		return reflect.MakeFunc(typ, func([]reflect.Value) []reflect.Value {
			var results []reflect.Value
			for i := range typ.NumOut() {
				results = append(results, reflect.Zero(typ.Out(i)))
			}
			return results
		})
	}
	return reflect.Zero(typ)
}
