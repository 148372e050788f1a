package main

import (
	"bytes"
	"fmt"
	"strings"
)

// goWords are the parts of libuv's type names that have more than one capital in Go.
var goWords = map[string]string{
	"fs":          "FS",
	"tcp":         "TCP",
	"tty":         "TTY",
	"udp":         "UDP",
	"getaddrinfo": "GetAddrInfo",
	"getnameinfo": "GetNameInfo",
}

// goName turns "fs_event" into "FSEvent".
func goName(s string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(s, "_") {
		if w, ok := goWords[part]; ok {
			b.WriteString(w)
		} else {
			b.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return b.String()
}

// writeKinds adds kind_gen.go: uv_handle_type and uv_req_type.
func (h *headers) writeKinds(files map[string][]byte) error {
	b := h.file("")
	handles := append([]entry{{text: "unknown"}}, h.handles...)
	writeEnum(b, append(handles, entry{text: "file"}), enum{
		typ: "HandleKind", prefix: "Kind", table: "handleKindNames",
		doc:    "HandleKind is libuv's uv_handle_type: what a handle is.",
		consts: "The kinds of UV_HANDLE_TYPE_MAP, numbered as in uv.h.",
		str:    "String returns the kind's name, such as \"fs_event\". C function\n// uv_handle_type_name.\n//\n// https://docs.libuv.org/en/v1.x/handle.html#c.uv_handle_type_name",
	})
	writeEnum(b, append([]entry{{text: "unknown"}}, h.reqs...), enum{
		typ: "RequestKind", prefix: "Request", table: "requestKindNames",
		doc:    "RequestKind is libuv's uv_req_type: what a request is.",
		consts: "The kinds of UV_REQ_TYPE_MAP, numbered as in uv.h.",
		str:    "String returns the kind's name, such as \"udp_send\". C function\n// uv_req_type_name.\n//\n// https://docs.libuv.org/en/v1.x/request.html#c.uv_req_type_name",
	})
	return add(files, "kind_gen.go", b)
}

type enum struct{ typ, prefix, table, doc, consts, str string }

func writeEnum(b *bytes.Buffer, entries []entry, e enum) {
	fmt.Fprintf(b, "// %s\ntype %s uint8\n\n// %s\nconst (\n", e.doc, e.typ, e.consts)
	for i, k := range entries {
		b.WriteString(e.prefix + goName(k.text))
		if i == 0 {
			b.WriteString(" " + e.typ + " = iota")
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(b, ")\n\nvar %s = [...]string{\n", e.table)
	for _, k := range entries {
		fmt.Fprintf(b, "%s: %q,\n", e.prefix+goName(k.text), k.text)
	}
	fmt.Fprintf(b, "}\n\n// %s\nfunc (k %s) String() string {\n", e.str, e.typ)
	fmt.Fprintf(b, "if int(k) < len(%s) {\nreturn %s[k]\n}\nreturn k.unlisted()\n}\n\n", e.table, e.table)
}
