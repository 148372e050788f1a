package handles_test

import (
	"fmt"
	"os"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A poll tells when a descriptor that something else made can be read.
func ExamplePoll() {
	run(func(l *uvgo.Loop) error {
		r, w, err := os.Pipe()
		if err != nil {
			return err
		}
		fmt.Fprint(w, "ready")
		w.Close()
		p, err := handles.NewPoll(l, r.Fd())
		if err != nil {
			return err
		}
		return p.Start(handles.Readable, func(handles.PollEvent, error) {
			buf := make([]byte, 64)
			n, err := r.Read(buf)
			fmt.Println(string(buf[:n]), err)
			p.Close()
			r.Close()
		})
	})
	// Output: ready <nil>
}
