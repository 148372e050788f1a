// Package stopwatch measures and prints what a program does that needs no load: how many operations it made in which
// time. uvbench and stdbench are such programs.
package stopwatch
