package main

import (
	"math"
	"time"
)

func ping(_ *store, out []byte, args [][]byte) []byte {
	if len(args) == 2 {
		return appendBulk(out, args[1])
	}
	return appendSimple(out, "PONG")
}

// set is SET key value [EX seconds | PX milliseconds] [NX | XX].
func set(db *store, out []byte, args [][]byte) []byte {
	e := entry{value: append([]byte{}, args[2]...)} // args are borrowed
	var onlyNew, onlyOld bool
	for i := 3; i < len(args); i++ {
		unit := time.Second
		switch {
		case isCommand(args[i], "NX"):
			onlyNew = true
			continue
		case isCommand(args[i], "XX"):
			onlyOld = true
			continue
		case isCommand(args[i], "PX"):
			unit = time.Millisecond
		case !isCommand(args[i], "EX"):
			return appendError(out, "syntax error")
		}
		if i++; i == len(args) || !e.due.IsZero() {
			return appendError(out, "syntax error")
		}
		d, ok := span(args[i], unit)
		if !ok || d <= 0 {
			return appendError(out, "invalid expire time in 'set' command")
		}
		e.due = time.Now().Add(d)
		db.sweep()
	}
	if onlyNew && onlyOld {
		return appendError(out, "syntax error")
	}
	if onlyNew || onlyOld {
		if there := db.get(args[1]) != nil; there != onlyOld {
			return appendBulk(out, nil)
		}
	}
	db.entries[string(args[1])] = e
	return appendSimple(out, "OK")
}

// span reads a time, of at most a century.
func span(arg []byte, unit time.Duration) (time.Duration, bool) {
	n, ok := parse(arg)
	const most = 100 * 365 * 24 * time.Hour
	if !ok || n > int64(most/unit) || n < math.MinInt32 {
		return 0, false
	}
	return time.Duration(n) * unit, true
}

func mget(db *store, out []byte, args [][]byte) []byte {
	out = appendHeader(out, '*', len(args)-1)
	for _, key := range args[1:] {
		out = appendBulk(out, db.get(key))
	}
	return out
}

func del(db *store, out []byte, args [][]byte) []byte {
	n := int64(0)
	for _, key := range args[1:] {
		if db.get(key) != nil {
			delete(db.entries, string(key))
			n++
		}
	}
	return appendInt(out, n)
}

func exists(db *store, out []byte, args [][]byte) []byte {
	n := int64(0)
	for _, key := range args[1:] {
		if db.get(key) != nil {
			n++
		}
	}
	return appendInt(out, n)
}

func incrBy(db *store, out []byte, args [][]byte) []byte {
	n, ok := parse(args[2])
	if !ok {
		return appendError(out, "value is not an integer or out of range")
	}
	return db.add(out, args[1], n)
}

// expire is EXPIRE key seconds: 0 or less removes the key.
func expire(db *store, out []byte, args [][]byte) []byte {
	d, ok := span(args[2], time.Second)
	switch {
	case !ok:
		return appendError(out, "value is not an integer or out of range")
	case db.get(args[1]) == nil:
		return appendInt(out, 0)
	case d <= 0:
		delete(db.entries, string(args[1]))
	default:
		e := db.entries[string(args[1])]
		e.due = time.Now().Add(d)
		db.entries[string(args[1])] = e
		db.sweep()
	}
	return appendInt(out, 1)
}

// ttl is TTL key: seconds, -1 for a key that stays, -2 for none.
func ttl(db *store, out []byte, args [][]byte) []byte {
	if db.get(args[1]) == nil {
		return appendInt(out, -2)
	}
	due := db.entries[string(args[1])].due
	if due.IsZero() {
		return appendInt(out, -1)
	}
	return appendInt(out, int64(math.Ceil(time.Until(due).Seconds())))
}
