// Command uvgo shows what packages server and uvhttp do and measures it:
//
//	uvgo echo      serves an echo server over TCP, TLS, UDP and unix sockets
//	uvgo http      serves the files of a directory over HTTP, HTTPS and HTTP/2
//	uvgo workers   runs several processes of a program behind the same sockets
//	uvgo top       shows live what one of these does
//	uvgo load      puts load on an echo server and checks every byte of it
//	uvgo health    asks an echo server whether it is well
//	uvgo version   tells the versions of uvgo, libuv and Go
//
// "uvgo CMD -h" lists a command's flags.
//
// The status is 0 for success, 1 for failure, and 2 for a command line that
// makes no sense. A program ended by its second SIGINT or SIGTERM returns 128
// and the signal's number, as a shell would say of one that the signal killed.
// What went wrong is one line on the standard error.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
)

// A command is what the first argument of uvgo names.
type command struct {
	name, short string
	run         func(args []string) error
}

// commands returns all commands, in the order of the help text.
func commands() []command {
	return []command{
		{"echo", "serve an echo server over TCP, TLS, UDP and unix sockets", runEcho},
		{"http", "serve the files of a directory over HTTP, HTTPS and HTTP/2", runHTTP},
		{"workers", "run several processes of a program behind the same sockets", runWorkers},
		{"top", "show live what one of these does, or another program with metrics", runTop},
		{"load", "put load on an echo server or an HTTP server, and check what comes back", runLoad},
		{"health", "ask an echo server whether it is well", runHealth},
		{"version", "tell the versions of uvgo, libuv and Go", runVersion},
	}
}

func main() { os.Exit(run(os.Args[1:])) }

// run runs one command and returns the process's status.
func run(args []string) int {
	err := dispatch(args)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp): // the help text is on the standard output
		return 0
	case errors.As(err, new(usageError)):
		fmt.Fprintf(os.Stderr, "uvgo: %v\n", err)
		return 2
	}
	fmt.Fprintf(os.Stderr, "uvgo: %v\n", err)
	return 1
}

func dispatch(args []string) error {
	if len(args) == 0 {
		return usagef("no command: uvgo help lists them")
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		return help(args[1:])
	case "-version", "--version":
		return runVersion(args[1:])
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(args[1:])
		}
	}
	return usagef("unknown command %q: uvgo help lists them", args[0])
}

// help prints the list of commands, or the flags of the one named.
func help(args []string) error {
	for _, c := range commands() {
		if len(args) > 0 && c.name == args[0] {
			return c.run([]string{"-h"})
		}
	}
	if len(args) > 0 {
		return usagef("unknown command %q: uvgo help lists them", args[0])
	}
	fmt.Println("uvgo is libuv for Go; this program serves and measures with it.\n\nusage: uvgo COMMAND [flags]")
	fmt.Println()
	for _, c := range commands() {
		fmt.Printf("  %-9s %s\n", c.name, c.short)
	}
	fmt.Println("\nuvgo COMMAND -h lists a command's flags.")
	return nil
}
