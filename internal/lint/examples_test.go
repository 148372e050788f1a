package lint

import (
	"strings"
	"testing"
)

func TestExamplesAreShortListedAndTested(t *testing.T) { expectNone(t, examplesShape) }

func TestRuleExamplesShape(t *testing.T) {
	const test = "package main\n\nfunc TestMain(m *testing.M) {}\n"
	runCases(t, examplesShape, []ruleCase{
		{"complete", tree{
			"examples/README.md":      "| [a](a/main.go) | shows |\n",
			"examples/a/main.go":      "// A shows.\npackage main\n",
			"examples/a/main_test.go": test,
			"cmd/b/main.go":           "package main\n",
		}, nil},
		{"module of programs", tree{
			"examples/README.md":              "| [m/a](m/a/main.go) | shows |\n| [m/b](m/b/main.go) | shows |\n| [m/c](m/c/main.go) | shows |\n| [n](n/main.go) | shows |\n",
			"examples/m/go.mod":               "module m\n",
			"examples/m/internal/kit/kit.go":  "package kit\n",
			"examples/m/a/main.go":            "package main\n",
			"examples/m/a/main_test.go":       test,
			"examples/m/b/main.go":            "package main\n",
			"examples/m/c/main.go":            "package main\n",
			"examples/m/d/main.go":            "package main\n",
			"examples/m/d/main_test.go":       test,
			"examples/n/go.mod":               "module n\n",
			"examples/n/main.go":              "package main\n",
			"examples/n/main_test.go":         test,
			"tests/interop/example_x_test.go": "package interop\n\nfunc TestX(t *testing.T) { buildExample(t, \"m\", \"b\") }\n",
		}, []string{
			"examples/README.md: no line \"| [m/d](m/d/… | what it shows |\"",
			"examples/m/c: no test runs it",
		}},
		{"found", tree{
			"examples/README.md":      "| [a](a/main.go) | shows |\n| [gone](gone/main.go) | nothing |\n| [a](a/main.go) | it again |\n",
			"examples/a/main.go":      "package main\n" + strings.Repeat("\n", exampleLines),
			"examples/b/other.go":     "package main\n",
			"examples/b/main_test.go": test,
		}, []string{
			"examples/README.md: lists a twice",
			"examples/README.md: lists a twice",
			"examples/README.md: lists gone, which is not there",
			"examples/README.md: no line \"| [b](b/… | what it shows |\"",
			"examples/a/main.go:151: 151 lines, more than 150",
			"examples/a: no test runs it",
		}},
	})
}
