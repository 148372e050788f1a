package cuv

// Without cgo this is the only error of a build. With cgo, a flag in cgo.go is.
const _ int = "uvgo does not run on Windows yet: docs/platforms.md says what is missing"
