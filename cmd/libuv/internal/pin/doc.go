// Package pin reads libuv.lock: which libuv uvgo is built and tested with.
package pin
