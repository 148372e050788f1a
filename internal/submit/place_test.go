package submit

import (
	"testing"

	"github.com/uvgo/uvgo/internal/core"
)

// TestPlace: one buffer of few bytes is copied, several are joined, many bytes are lent,
// and more buffers than C takes become one that is lent.
func TestPlace(t *testing.T) {
	c, err := core.New(core.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	small, large := make([]byte, 10), make([]byte, smallWrite+1)
	tests := []struct {
		name string
		bufs [][]byte
		how  form
		n    int // buffers
	}{
		{"one small", [][]byte{small}, copied, 1},
		{"one at the limit", [][]byte{large[:smallWrite]}, copied, 1},
		{"one above it", [][]byte{large}, lent, 1},
		{"two small", [][]byte{small, small}, joined, 2},
		{"an empty one", [][]byte{nil}, copied, 1},
		{"two with one large", [][]byte{small, large}, lent, 2},
		{"too many", [][]byte{large, small, small, small}, lent, 1},
	}
	for _, tt := range tests {
		pins := new(Pins)
		how, bufs, total := place(c.Ring(), pins, tt.bufs, 3)
		pins.Release()
		want := 0
		for _, p := range tt.bufs {
			want += len(p)
		}
		if how != tt.how || len(bufs) != tt.n || total != want {
			t.Errorf("%s: form %d of %d buffers and %d bytes, want %d, %d, %d", tt.name, how, len(bufs), total, tt.how, tt.n, want)
		}
	}
}
