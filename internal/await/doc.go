// Package await lets a goroutine wait for an operation on a loop that another goroutine
// runs. The calls of package requests that take a context and all calls of package uvfs
// are made of it.
package await
