// Package address reads the addresses that package server and the command uvgo take, such as
// tcp://127.0.0.1:8888. It looks nothing up.
package address
