// Golib is a Go library for a C program that loads it with dlopen.
package main

import "C"

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/uvgo/uvgo"
	"github.com/uvgo/uvgo/handles"
	"github.com/uvgo/uvgo/uv"
)

// Watch watches a signal and starts a child, and prints what comes of it.
//
//export Watch
func Watch() {
	l, err := uvgo.New()
	if err != nil {
		panic(err)
	}
	s, err := l.NewSignal()
	if err != nil {
		panic(err)
	}
	err = s.Start(syscall.SIGUSR1, func(os.Signal) {})
	fmt.Println("signal:", err == nil, errors.Is(err, uv.ENOTSUP))
	_, err = l.Spawn(handles.ProcessOptions{File: "/bin/true"}, func(int, syscall.Signal) {})
	fmt.Println("spawn:", err == nil, errors.Is(err, uv.ENOTSUP))
}

func main() {}
