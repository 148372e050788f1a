// Package reload replaces the process of a server by one of its new binary, without a refused or lost request: the new process gets the
// listening sockets, and says that it is ready; then the old one finishes its connections and ends. docs/workers.md shows a whole
// program.
//
// It is for a program that runs in one process. To run several, or in a container, where a process that is PID 1 cannot be
// replaced, there are package workers and "uvgo workers".
//
// Any goroutine may call its functions. Importing the package makes the executable a starter of processes, as package workers does.
package reload
