package server_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/uvgo/uvgo/server"
	"github.com/uvgo/uvgo/uv"
)

// prefixed puts a message behind its length.
func prefixed(l server.LengthPrefix, msg []byte) []byte {
	n := uint64(len(msg))
	if l.Bytes == 0 {
		head := binary.AppendUvarint(nil, n)
		if l.Inclusive {
			head = binary.AppendUvarint(nil, n+uint64(len(head)))
		}
		return append(head, msg...)
	}
	if l.Inclusive {
		n += uint64(l.Bytes)
	}
	head := binary.BigEndian.AppendUint64(nil, n)[8-l.Bytes:]
	if l.Little {
		head = binary.LittleEndian.AppendUint64(nil, n)[:l.Bytes]
	}
	return append(head, msg...)
}

func TestLengthPrefixFindsFrames(t *testing.T) {
	messages := []string{"", "a", "bc", strings.Repeat("x", 100), strings.Repeat("y", 200), ""}
	for n := range 9 {
		for bits := range 8 {
			l := server.LengthPrefix{Bytes: n, Little: bits&1 != 0, Inclusive: bits&2 != 0, Keep: bits&4 != 0}
			var all []byte
			var want []string
			for _, m := range messages {
				p := prefixed(l, []byte(m))
				if all = append(all, p...); l.Keep {
					m = string(p)
				}
				want = append(want, m)
			}
			for size := 1; size < 12; size++ { // of the pieces that arrive
				got, err := scan(&chunked{cut(all, []byte{byte(size - 1)})}, l.Split, 1000)
				if diff := cmp.Diff(want, got); diff != "" || err != nil {
					t.Fatalf("%+v, pieces of %d: %v (-want +got):\n%s", l, size, err, diff)
				}
			}
			if _, err := scan(bytes.NewReader(all[:len(all)-len(prefixed(l, nil))-1]), l.Split, 1000); err != io.ErrUnexpectedEOF {
				t.Errorf("%+v: an incomplete frame is %v", l, err)
			}
		}
	}
}

func TestLengthPrefixRefusesLengths(t *testing.T) {
	whole := binary.AppendUvarint(nil, math.MaxUint64)
	for name, tt := range map[string]struct {
		l    server.LengthPrefix
		data []byte
	}{
		"more than an int":          {server.LengthPrefix{Bytes: 8}, bytes.Repeat([]byte{0xff}, 8)},
		"as much as an int":         {server.LengthPrefix{Bytes: 8, Keep: true}, binary.BigEndian.AppendUint64(nil, math.MaxInt64)},
		"varint: more than an int":  {server.LengthPrefix{}, whole},
		"varint: more than 64 bits": {server.LengthPrefix{}, bytes.Repeat([]byte{0xff}, 11)},
		"less than itself":          {server.LengthPrefix{Bytes: 2, Inclusive: true}, []byte{0, 1}},
		"varint less than itself":   {server.LengthPrefix{Inclusive: true}, []byte{0}},
	} {
		if advance, token, err := tt.l.Split(tt.data, false); err == nil || advance != 0 || token != nil {
			t.Errorf("%s: %d, %q, %v", name, advance, token, err)
		}
	}
	for _, n := range []int{-1, 9} {
		if _, _, err := (server.LengthPrefix{Bytes: n}).Split([]byte("x"), false); !errors.Is(err, uv.EINVAL) {
			t.Errorf("Bytes %d: %v", n, err)
		}
	}
}
