package handles_test

import (
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A bound socket is passed to the other end of a pipe, which then listens. The other
// end is mostly another process; see examples/workers.
func ExamplePipe_WriteHandle() {
	run(func(l *uvgo.Loop) error {
		a, b, err := handles.NewPipePair(l, handles.IPC)
		if err != nil {
			return err
		}
		socket, err := l.NewTCP()
		if err != nil {
			return err
		}
		if err := socket.Bind(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
			return err
		}
		if err := a.WriteHandle([]byte("serve"), socket, func(error) { a.Close() }); err != nil {
			return err
		}
		socket.Close() // b gets a duplicate

		return b.ReadStart(func(p []byte, err error) {
			if err != nil { // io.EOF
				b.Close()
				return
			}
			fmt.Printf("%s: %d pending, a %s\n", p, b.PendingCount(), b.PendingType())
			h, err := b.Accept()
			if err != nil {
				fmt.Println(err)
				return
			}
			defer h.Close()
			switch h := h.(type) {
			case *handles.TCP:
				addr, err := h.LocalAddr()
				fmt.Println("bound to", addr.Addr(), err)
			case *handles.Pipe:
				fmt.Println("a pipe")
			}
		})
	})
	// Output:
	// serve: 1 pending, a tcp
	// bound to 127.0.0.1 <nil>
}

// Any descriptor can be passed, here that of a file.
func ExamplePipe_AcceptFile() {
	run(func(l *uvgo.Loop) error {
		a, b, err := handles.NewPipePair(l, handles.IPC)
		if err != nil {
			return err
		}
		f, err := os.CreateTemp("", "example")
		if err != nil {
			return err
		}
		defer os.Remove(f.Name())
		defer f.Close()
		fmt.Fprint(f, "from one hand to the other")
		if err := a.WriteFile([]byte("file"), f, func(error) { a.Close() }); err != nil {
			return err
		}
		return b.ReadStart(func(_ []byte, err error) {
			if err != nil { // io.EOF
				b.Close()
				return
			}
			f, err := b.AcceptFile()
			if err != nil {
				fmt.Println(err)
				return
			}
			defer f.Close()
			text, err := io.ReadAll(io.NewSectionReader(f, 0, 100))
			fmt.Printf("%s %v\n", text, err)
		})
	})
	// Output: from one hand to the other <nil>
}
