// Tty-game is a game: catch the dollar. The keys h and l move left and right, q ends
// the game. Try it in a terminal:
//
//	go run ./examples/tty-game
package main

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"strings"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
)

// A game is one line of the terminal.
type game struct {
	tty               *handles.TTY
	width, at, dollar int
	caught            int
}

const toWin = 3 // dollars

// draw replaces the line on the terminal.
func (g *game) draw() {
	line := bytes.Repeat([]byte{' '}, g.width)
	line[g.dollar], line[g.at] = '$', '@'
	fmt.Fprintf(g.tty, "\r%s %d/%d", line, g.caught, toWin)
}

// resize gives the line the width of the terminal.
func (g *game) resize() {
	width, _, _ := g.tty.WindowSize()
	g.width = min(max(width, 20), 50) - 8
	g.at, g.dollar = min(g.at, g.width-1), min(g.dollar, g.width-1)
	fmt.Fprintf(g.tty, "\r%s", strings.Repeat(" ", g.width+7))
	g.draw()
}

// key makes the move of a key, and tells whether the game is over.
func (g *game) key(k byte) bool {
	switch k {
	case 'h':
		g.at = max(g.at-1, 0)
	case 'l':
		g.at = min(g.at+1, g.width-1)
	case 'q', 3: // in raw mode Ctrl-C is a key like any other
		fmt.Fprint(g.tty, "\nbye\n")
		return true
	}
	if g.at == g.dollar {
		g.caught++
		g.dollar = (g.at + 1 + rand.IntN(g.width-1)) % g.width // anywhere else
	}
	g.draw()
	if g.caught == toWin {
		fmt.Fprint(g.tty, "\nyou win\n")
	}
	return g.caught == toWin
}

func main() {
	err := uvgo.Run(context.Background(), func(l *uvgo.Loop) error {
		tty, err := l.NewTTY(os.Stdin.Fd())
		if err != nil {
			return fmt.Errorf("standard input is no terminal: %w", err)
		}
		// Raw: each key arrives at once, and is not shown. Run closes the handle
		// however the game ends, and with that the old mode comes back.
		if err := tty.SetMode(handles.TTYRaw); err != nil {
			return err
		}
		g := &game{tty: tty, dollar: 5}
		winch, err := l.NewSignal()
		if err != nil {
			return err
		}
		if err := winch.Start(syscall.SIGWINCH, func(os.Signal) { g.resize() }); err != nil {
			return err
		}
		g.resize()
		return tty.ReadStart(func(keys []byte, err error) {
			over := err != nil // the terminal is gone
			for i := 0; i < len(keys) && !over; i++ {
				over = g.key(keys[i])
			}
			if over {
				l.Stop()
			}
		})
	})
	if err != nil {
		log.Fatal(err)
	}
}
