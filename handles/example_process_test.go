package handles_test

import (
	"fmt"
	"io"
	"log"
	"os"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A child reads lines and answers them.
func ExampleSpawn() {
	run(func(l *uvgo.Loop) error {
		var p *handles.Process
		p, err := l.Spawn(handles.ProcessOptions{
			File: "tr",
			Args: []string{"tr", "a-z", "A-Z"},
			Stdio: []handles.Stdio{
				handles.StdioPipe(handles.ChildReads),
				handles.StdioPipe(handles.ChildWrites),
				handles.StdioFile(os.Stderr),
			},
		}, func(status int, sig syscall.Signal) {
			p.Close()
		})
		if err != nil {
			return err
		}

		in, out := p.Stdio(0), p.Stdio(1)
		err = out.ReadStart(func(b []byte, err error) {
			fmt.Print(string(b))
			if err != nil { // io.EOF when the child has ended
				if err != io.EOF {
					log.Print(err)
				}
				out.Close()
			}
		})
		if err != nil {
			return err
		}
		if _, err := in.Write([]byte("hello, child\n")); err != nil {
			return err
		}
		return in.Shutdown(func(error) { in.Close() })
	})
	// Output: HELLO, CHILD
}

// The function of Spawn gets the exit status, or the signal.
func ExampleProcess() {
	run(func(l *uvgo.Loop) error {
		var p *handles.Process
		p, err := l.Spawn(handles.ProcessOptions{
			File: "sleep",
			Args: []string{"sleep", "1000"},
		}, func(status int, sig syscall.Signal) {
			if sig != 0 {
				fmt.Println("ended by signal:", sig)
			} else {
				fmt.Println("status", status)
			}
			p.Close()
		})
		if err != nil {
			return err
		}
		return p.Kill(syscall.SIGTERM)
	})
	// Output: ended by signal: terminated
}
