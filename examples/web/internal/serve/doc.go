// Package serve is what the examples' main functions have in common: it runs a server until a signal comes.
package serve
