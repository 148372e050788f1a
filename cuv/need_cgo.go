//go:build !cgo && !windows && !386 && !arm && !mips && !mipsle

package cuv

// Without cgo this is the only error of a build, not one of the hundreds that
// follow from it. Go switches cgo off by itself where it finds no C compiler, and
// for another GOOS or GOARCH than the machine's, which takes a cross compiler in CC.
const _ int = "uvgo needs cgo and a C compiler: install gcc, set CGO_ENABLED=1; for another GOOS or GOARCH set CC to a cross compiler; go run github.com/uvgo/uvgo/cmd/libuv -check says what is missing"
