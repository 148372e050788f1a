// Package sysinfo tells what libuv knows of the machine, the process and its
// user: processors, load, memory, interfaces, names, priorities, usage, clocks.
//
// Its functions answer at once, without a loop, and may be called from any
// goroutine; those that read the user database take as long as it does.
//
// Some have a relative in the standard library, and say where they differ;
// portable programs are as well served by it. What stays out is what Go's
// runtime aliases or guards: arguments, environment and process title; threads
// with their names, priorities and processors; dynamic linking.
package sysinfo
