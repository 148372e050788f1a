package main

import (
	"bytes"
	"strconv"
	"time"
)

// A store is the keys with their values, and the handler of all connections. It belongs to the
// loop.
type store struct {
	entries map[string]entry
	args    [][]byte // of the command that runs, reused
	answer  []byte   // reused: Write borrows it
}

type entry struct {
	value []byte    // never changes, and is never nil
	due   time.Time // when it expires; zero: never
}

// A command appends its answer to out. args have its name at 0.
type command struct {
	least, most int // arguments, with the name
	run         func(db *store, out []byte, args [][]byte) []byte
}

const many = 1 << 20

var commands = map[string]command{
	"PING":     {1, 2, ping},
	"ECHO":     {2, 2, func(_ *store, out []byte, args [][]byte) []byte { return appendBulk(out, args[1]) }},
	"GET":      {2, 2, func(db *store, out []byte, args [][]byte) []byte { return appendBulk(out, db.get(args[1])) }},
	"SET":      {3, 6, set},
	"MGET":     {2, many, mget},
	"DEL":      {2, many, del},
	"EXISTS":   {2, many, exists},
	"INCR":     {2, 2, func(db *store, out []byte, args [][]byte) []byte { return db.add(out, args[1], 1) }},
	"DECR":     {2, 2, func(db *store, out []byte, args [][]byte) []byte { return db.add(out, args[1], -1) }},
	"INCRBY":   {3, 3, incrBy},
	"EXPIRE":   {3, 3, expire},
	"TTL":      {2, 2, ttl},
	"DBSIZE":   {1, 1, func(db *store, out []byte, _ [][]byte) []byte { return appendInt(out, int64(len(db.entries))) }},
	"FLUSHALL": {1, 2, func(db *store, out []byte, _ [][]byte) []byte { clear(db.entries); return appendSimple(out, "OK") }},
	"QUIT":     {1, 1, func(_ *store, out []byte, _ [][]byte) []byte { return appendSimple(out, "OK") }},
	"SELECT":   {2, 2, func(_ *store, out []byte, _ [][]byte) []byte { return appendSimple(out, "OK") }},
	"COMMAND":  {1, many, func(_ *store, out []byte, _ [][]byte) []byte { return appendHeader(out, '*', 0) }}, // redis-cli asks,
	"CONFIG":   {2, many, func(_ *store, out []byte, _ [][]byte) []byte { return appendHeader(out, '*', 0) }}, // redis-benchmark too
}

// isCommand compares names in which upper and lower case are the same.
func isCommand(name []byte, upper string) bool { return string(bytes.ToUpper(name)) == upper }

// run runs a command and appends its answer.
func (db *store) run(out []byte, args [][]byte) []byte {
	var upper [16]byte
	name := upper[:copy(upper[:], args[0])]
	for i, b := range name {
		if 'a' <= b && b <= 'z' {
			name[i] = b - 'a' + 'A'
		}
	}
	switch cmd, ok := commands[string(name)]; {
	case !ok || len(args[0]) > len(name):
		return appendError(out, "unknown command "+strconv.Quote(string(args[0][:min(len(args[0]), 64)])))
	case len(args) < cmd.least || len(args) > cmd.most:
		return appendError(out, "wrong number of arguments for "+string(name))
	default:
		return cmd.run(db, out, args)
	}
}

// get returns a key's value, nil if there is none. It removes a key that has expired.
func (db *store) get(key []byte) []byte {
	e := db.entries[string(key)]
	if !e.due.IsZero() && time.Now().After(e.due) {
		delete(db.entries, string(key))
		return nil
	}
	return e.value
}

// sweep removes expired keys that nobody asks for: it looks at a few with every new time to live. A
// map's iteration begins anywhere.
func (db *store) sweep() {
	now, looks := time.Now(), 20
	for key, e := range db.entries {
		if !e.due.IsZero() && now.After(e.due) {
			delete(db.entries, key)
		}
		if looks--; looks == 0 {
			return
		}
	}
}

// parse reads a number.
func parse(arg []byte) (int64, bool) {
	n, err := strconv.ParseInt(string(arg), 10, 64)
	return n, err == nil
}

func (db *store) add(out, key []byte, n int64) []byte {
	e, old := entry{}, int64(0)
	if value := db.get(key); value != nil {
		var ok bool
		if old, ok = parse(value); !ok {
			return appendError(out, "value is not an integer or out of range")
		}
		e = db.entries[string(key)] // with its time to live
	}
	sum := old + n
	if (sum > old) != (n > 0) && n != 0 {
		return appendError(out, "increment or decrement would overflow")
	}
	e.value = strconv.AppendInt(nil, sum, 10)
	db.entries[string(key)] = e
	return appendInt(out, sum)
}
