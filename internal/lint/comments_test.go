package lint

import "testing"

// source is a package whose symbols each show one way of being commented.
const source = `package handles

// Timer is a timer.
type Timer struct{ *stream }

type Naked struct{}

type (
	// A is commented.
	A int
	B int
)

// The kinds.
const (
	C1 = 1
	C2 = 2
)

var (
	V1 = 1 // a comment too
	V2 = 2
)

type stream struct{ base }

type base struct{}

type hidden struct{}

// Start starts. C function uv_timer_start.
func (t *Timer) Start() {}

func (s *stream) Stop() {}

// Ref refs; there is no libuv
// counterpart.
func (b base) Ref() {}

// GetRepeat is uv_timer_get_repeat.
func (t *Timer) GetRepeat() {}

// Getter is fine. C function uv_now.
func Getter() {}

// GetAddrInfo is the counterpart of uv_getaddrinfo.
func GetAddrInfo() {}

func (hidden) Error() string { return "" }

func plain() {}
`

func TestRuleExportedDocs(t *testing.T) {
	runCases(t, exportedDocs, []ruleCase{
		{"found", tree{"handles/timer.go": source}, []string{
			"handles/timer.go:11: B has no comment",
			"handles/timer.go:22: V2 has no comment",
			"handles/timer.go:34: stream.Stop has no comment",
			"handles/timer.go:6: Naked has no comment",
		}},
		{"not ours", tree{
			"cuv/x.go":          "package cuv\n\nfunc F() {}\n",
			"cmd/uvgo/main.go":  "package main\n\nfunc F() {}\n",
			"uv/x_test.go":      "package uv\n\nfunc TestX() {}\n",
			"bench/go.mod":      "module bench\n",
			"bench/x/helper.go": "package x\n\nfunc F() {}\n",
		}, nil},
	})
}

func TestRuleNamesCFunction(t *testing.T) {
	runCases(t, namesCFunction, []ruleCase{
		{"found", tree{"handles/timer.go": source, "uv/x.go": "package uv\n\nfunc F() {}\n"}, []string{
			"handles/timer.go:34: the comment of stream.Stop says neither \"C function uv_…\" nor \"no libuv counterpart\"",
			"handles/timer.go:41: the comment of Timer.GetRepeat says neither \"C function uv_…\" nor \"no libuv counterpart\"",
		}},
	})
}

func TestRuleLinksCounterparts(t *testing.T) {
	const manual = "https://docs.libuv.org/en/v1.x/"
	rule := func(r *repo) []string { return linksCounterparts(r, []string{"uv_undocumented"}) }
	runCases(t, rule, []ruleCase{{"found", tree{
		"cuv/x.go": "package cuv\n\n// F is. C function uv_gone.\nfunc F() {}\n",
		"uv/x.go": `package uv

// A is right. C function uv_now, ` + manual + `loop.html#c.uv_now.
func A() {}

// B links to the page. C functions uv_run and uv_stop, ` + manual + `loop.html.
func B() {}

// C has no link. C function uv_now.
func C() {}

// D links to another. C function uv_now, ` + manual + `loop.html#c.uv_run.
func D() {}

// E names what is not. C functions uv_now and uv_later, ` + manual + `loop.html#c.uv_now.
func E() {}

// F has no page to link to. C function uv_undocumented.
func F() {}
`}, []string{
		"uv/x.go:10: the comment of C has no link to the manual's page of uv_now",
		"uv/x.go:13: the comment of D has no link to the manual's page of uv_now",
		"uv/x.go:16: the comment of E names uv_later, which libuv does not have",
	}}})
}

func TestRuleLinksStandAlone(t *testing.T) {
	const page = "https://docs.libuv.org/en/v1.x/loop.html#c.uv_now"
	runCases(t, linksStandAlone, []ruleCase{{"found", tree{
		"uv/x.go": `package uv

// A is right. C function uv_now.
//
// ` + page + `
func A() {}

// B has it in the prose. C function uv_now, ` + page + `.
func B() {}

// C has no line between. C function uv_now.
// ` + page + `
func C() {}

// D goes on behind it.
//
// ` + page + `
//
// Here.
func D() {}
`}, []string{
		"uv/x.go:13: the link in the comment of C does not stand alone on the last line",
		"uv/x.go:20: the link in the comment of D does not stand alone on the last line",
		"uv/x.go:9: the link in the comment of B does not stand alone on the last line",
	}}})
}

func TestRuleGetters(t *testing.T) {
	runCases(t, getters, []ruleCase{
		{"found", tree{"handles/timer.go": source}, []string{
			"handles/timer.go:41: Timer.GetRepeat: Go's accessors have no Get",
		}},
	})
}

func TestRulePackageDocs(t *testing.T) {
	const commented = "// Package p is one.\npackage p\n"
	runCases(t, packageDocs, []ruleCase{
		{"complete", tree{
			"p/doc.go": commented, "p/p.go": "package p\n",
			"cmd/x/main.go": "// X does.\npackage main\n", "cmd/x/flags.go": "package main\n",
			"tests/x_test.go": "package tests\n",
		}, nil},
		{"missing", tree{
			"a/p.go": commented, "b/doc.go": "package b\n", "cmd/x/main.go": "package main\n",
		}, []string{
			"a/p.go:2: package a has no doc.go with its comment",
			"b/doc.go:1: package b has no doc.go with its comment",
			"cmd/x/main.go:1: command cmd/x has no package comment",
		}},
	})
}
