//go:build (386 || arm || mips || mipsle) && !windows

package cuv

// Go and C share structs whose pointers have 8 bytes.
const _ int = "uvgo needs a 64-bit system: this GOARCH is of 32 bits"
