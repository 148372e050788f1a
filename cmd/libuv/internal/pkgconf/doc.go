// Package pkgconf answers for libuv what go asks the program pkg-config, and hands on
// everything else to the real one if the machine has it. So uvgo builds where no pkg-config is, and
// go finds the libuv of package cache by one variable, PKG_CONFIG, which "go env -w" can
// keep. (It cannot keep PKG_CONFIG_PATH.)
//
// A directory of PKG_CONFIG_PATH that has a libuv comes first, as with the real program.
package pkgconf
