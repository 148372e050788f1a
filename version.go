package uvgo

import "github.com/uvgo/uvgo/cuv"

// Release is the version of uvgo that this code is, or that it comes after: the newest
// release in CHANGELOG.md. It tells nothing about the commit, which debug.ReadBuildInfo
// and `uvgo version` know.
const Release = "v0.1.0"

// Version returns libuv's version, such as "1.50.0". C function uv_version_string.
//
// https://docs.libuv.org/en/v1.x/version.html#c.uv_version_string
func Version() string { return cuv.Version() }

// VersionHex returns it as libuv encodes it, to be compared: major<<16 | minor<<8 |
// patch. C function uv_version.
//
// https://docs.libuv.org/en/v1.x/version.html#c.uv_version
func VersionHex() uint { return cuv.VersionHex() }

// Linkage tells how libuv is linked: "static" or "shared".
func Linkage() string { return cuv.Linkage }
