package lint

// Exceptions name files or symbols and say why. One that no longer applies is
// a finding itself.

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

// newerNames are of versions of libuv above the locked one, which is named.
var newerNames = map[string]string{
	"uv_tcp_keepalive_ex": "1.52",
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
