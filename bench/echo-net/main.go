// Command echo-net is the echo server of package net: a goroutine for each
// connection, which reads into one buffer of its own and writes it back.
//
// The buffer has one size for all message sizes: 16 KiB, so that the largest
// message of the benchmark arrives in one read. Of a buffer that only ever
// sees small messages, the kernel backs a single page.
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
)

const bufferSize = 16 << 10

func main() {
	log.SetFlags(0)
	log.SetPrefix("echo-net: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: echo-net HOST:PORT")
	}
	ln, err := net.Listen("tcp4", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", ln.Addr())

	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() {
		<-term
		ln.Close()
	}()

	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			log.Fatal(err)
		}
		go echo(c)
	}
}

// echo serves one connection until its end. TCP_NODELAY is net's default.
func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, bufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
