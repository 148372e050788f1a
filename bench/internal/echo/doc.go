// Package echo is what the echo servers in Go have in common: their arguments, and the servers that packages net and
// uvnet write alike.
package echo
