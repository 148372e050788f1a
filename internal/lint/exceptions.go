package lint

// Exceptions name files or symbols, with a reason. An exception that no longer applies
// is a finding itself.

// unsafeFiles are the files outside cuv that may import unsafe.
var unsafeFiles = map[string]string{
	"adopt.go":                       "the type of its argument, a C pointer",
	"examples/host-c/golib/golib.go": "takes the C program's loop",
	"handles/spawn_linux_test.go":    "a filter of system calls is given to the kernel by pointer",
	"library_test.go":                "tables of functions that return C pointers",
}

// cgoFiles are the files outside cuv that may import "C".
var cgoFiles = map[string]string{
	"examples/host-c/golib/golib.go": "what a C program calls has to be exported to it",
}

// longFiles may be longer than maxLines.
var longFiles = map[string]string{}

// getNames are the exported functions that may begin with Get.
var getNames = map[string]string{
	"GetAddrInfo":        "getaddrinfo is the call's own name",
	"GetAddrInfoContext": "getaddrinfo is the call's own name",
	"GetNameInfo":        "getnameinfo is the call's own name",
	"GetNameInfoContext": "getnameinfo is the call's own name",
}

// newerNames are names of libuv versions newer than the locked one, with the version
// that has them.
var newerNames = map[string]string{
	"uv_tcp_keepalive_ex": "1.52",
	"uv_write_nwritten":   "1.53",
}

// plainComments are the methods of handles and requests, as "handles.Timer.Start",
// whose comment need not name a C function.
var plainComments = map[string]string{}

// modules are what the root module may require.
var modules = map[string]string{
	"golang.org/x/sys":         "system calls",
	"golang.org/x/net":         "nettest, in tests",
	"github.com/google/go-cmp": "comparisons, in tests",
}

// testNames are test files that test several files, and so are not named after one.
var testNames = map[string]string{
	"handles/batch_linux_test.go":            "how many descriptors a turn takes is cuv's",
	"handles/misuse_test.go":                 "every method of every handle",
	"handles/operations_fuzz_test.go":        "all handles together",
	"handles/owner_test.go":                  "every method of every handle",
	"handles/pace_linux_test.go":             "how many messages a turn takes is cuv's",
	"internal/core/dispatch_test.go":         "slots, callbacks and phases together",
	"internal/cmd/genuv/genuv_test.go":       "what the program writes",
	"internal/invariants/invariants_test.go": "on.go and off.go",
	"internal/lint/asserts_test.go":          "a rule for a document alone",
	"internal/lint/lint_test.go":             "a test for each rule",
	"internal/lint/rules_test.go":            "cases of each rule",
	"internal/uvheader/uvheader_test.go":     "the parser's files together",
	"requests/bubble_test.go":                "the forms of every request that take a context",
	"sysinfo/machine_test.go":                "processors, memory and interfaces",
	"uvnet/bubble_test.go":                   "everything in a bubble",
	"uvnet/nettest_test.go":                  "package net's own conformance suite",
	"uvnet/parity_test.go":                   "every name of package net",
	"uvnet/shutdown_test.go":                 "everything that is open when its loop ends",
	"uvnet/states_test.go":                   "the tables of transitions of all states",
	"uvnet/xnet_test.go":                     "golang.org/x/net on our sockets",
}
