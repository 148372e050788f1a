// Package workers runs several processes of one program behind the same listening sockets: it restarts those that die,
// replaces all of them without a refused or lost request, and ends them gracefully. "uvgo workers" is its command. docs/workers.md
// describes what happens when.
//
// A [Supervisor] is for the process that starts the others. [Listeners], [Ready] and [Context] are for the workers, which may
// as well be programs that know nothing of this package but systemd's socket activation.
//
// A server that runs in one process, and is scaled by its loops, needs no workers: see package server. To replace the
// binary of such a process there is package reload.
//
// Importing the package makes the executable a starter of workers when its name, argv[0], is "uvgo-workers-start": the
// process then becomes the worker before main runs.
package workers
