package main

import (
	"fmt"
	"os"

	"github.com/uvgo/uvgo/server"
)

// printStats writes the line that bench-echo reads: the loop's turns, how often
// it crossed into C, and how many events the crossings carried.
func printStats(srv *server.Server) {
	st := srv.Stats()
	fmt.Fprintf(os.Stderr, `{"turns":%d,"crossings":%d,"events":%d}`+"\n",
		st.Turns, st.Turns+st.Flushes, st.Events)
}
