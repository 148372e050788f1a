//go:build !libuv_shared

package cuv

// Linkage says how libuv is linked.
const Linkage = "static"
