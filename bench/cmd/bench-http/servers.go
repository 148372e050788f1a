package main

// A server is a program that is compared.
type server struct {
	name    string // in the tables
	program string // its directory
	mode    string // of http-uvhttp: where handlers run
}

var servers = []server{
	{name: "net/http", program: "http-net"},
	{name: "fasthttp", program: "http-fasthttp"},
	{name: "nbio", program: "http-nbio"},
	{name: "canned", program: "http-canned"},
	{name: "uvhttp", program: "http-uvhttp"},
	{name: "never", program: "http-uvhttp", mode: "never"},
	{name: "always", program: "http-uvhttp", mode: "always"},
}
