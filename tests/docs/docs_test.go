package docs

import (
	"regexp"
	"strings"
	"testing"
)

// given are the variables that fragments of a page use without declaring them.
var given = map[string]string{}

// TestCodeCompiles: every block of Go on a page compiles against the packages as they are. What a
// fragment leaves out is taken to be right; a name of a package, a method, a field or a parameter is not.
func TestCodeCompiles(t *testing.T) {
	c := newChecker(t)
	programs, fragments := 0, 0
	for _, page := range pagePaths(t) {
		for _, s := range goBlocks(page, readPage(t, page)) {
			var found []string
			if strings.HasPrefix(strings.TrimSpace(s.code), "package ") {
				programs++
				found = c.program(s)
			} else {
				fragments++
				found = c.fragment(s, given[page])
			}
			for _, f := range found {
				t.Error(f)
			}
		}
	}
	t.Logf("%d programs, %d fragments", programs, fragments)
	if programs < 2 || fragments < 30 {
		t.Errorf("only %d programs and %d fragments were found", programs, fragments)
	}
}

// TestTablesCompile: in the pages for those who come from elsewhere, each call stands beside its
// counterpart. The columns of Go's own packages and of ours are compiled.
func TestTablesCompile(t *testing.T) {
	c := newChecker(t)
	pages := 0
	for _, page := range pagePaths(t) {
		if !strings.HasPrefix(page, "docs/from-") {
			continue
		}
		pages++
		n, text := 0, readPage(t, page)
		for heading, vars := range tableVars {
			for _, s := range tableCode(page, text, func(h string) bool { return h == heading }) {
				n++
				if member.MatchString(s.code) {
					s.code = "server." + s.code
				}
				for _, f := range c.fragment(s, vars) {
					t.Error(f)
				}
			}
		}
		if n < 30 {
			t.Errorf("%s: only %d pieces of code in its tables", page, n)
		}
	}
	if pages < 6 {
		t.Errorf("only %d pages", pages)
	}
}

// member matches a method of one of package server's interfaces, as tables name them: Handler.Data.
var member = regexp.MustCompile(`^[A-Z]\w*\.[A-Z]\w*$`)

// TestCheckerFinds: wrong code is found, and code that only leaves something out is not.
func TestCheckerFinds(t *testing.T) {
	c := newChecker(t)
	const vars = "c *server.Conn, l *uvgo.Loop"
	for _, tt := range []struct{ code, want string }{
		{"c.Write(p)", ""},
		{"c.Writ(p)", "c.Writ undefined"},
		{"c.Write(p, q)", "too many arguments"},
		{"uvnet.Listn(a, b)", "undefined: uvnet.Listn"},
		{"uvnet.Listen(1, addr)", "cannot use 1"},
		{"s := &server.Server{Handlr: h}", "unknown field Handlr"},
		{"s := &server.Server{…}\nreturn s.Listen()", ""},
		{"func (h handler) Data(c *server.Conn, p []byte) {\n\tc.Close()\n}\nl.Stop()", ""},
		{"l.Block(func() { c.Pause(1) })", "too many arguments"},
		{"gnet.Run(h)", ""},
		{"for _, x := range {", "expected operand"},
	} {
		found := strings.Join(c.fragment(snippet{"page.md", 1, tt.code}, vars), "\n")
		if (tt.want == "") != (found == "") || !strings.Contains(found, tt.want) {
			t.Errorf("%s: found %q, want %q", tt.code, found, tt.want)
		}
	}
	if found := c.program(snippet{"page.md", 1, "package main\n\nfunc main() { undefined() }\n"}); len(found) == 0 {
		t.Error("a program with an undefined name compiles")
	}
}
