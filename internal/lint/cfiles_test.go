package lint

import "testing"

func TestHeadersNameTheFileOfEachFunction(t *testing.T) { expectNone(t, cHeadings) }
func TestCFilesCallInOrder(t *testing.T)                { expectNone(t, cOrder) }
func TestCFilesCountTheirAllocations(t *testing.T)      { expectNone(t, cAllocations) }

func TestRuleCAllocations(t *testing.T) {
	runCases(t, cAllocations, []ruleCase{
		{"counted", tree{
			"cuv/a.c":     "/* malloc(n) */\nvoid *cuv_a(void) { return cuv_malloc(uv_malloc(1)); }\n",
			"cuv/alloc.c": "void *cuv_malloc(int n) { return malloc(n); }\n",
		}, nil},
		{"found", tree{"cuv/a.c": "void cuv_a(void *p) {\n  if (p) free(p);\n  p = (malloc(1));\n}\n"}, []string{
			"cuv/a.c:2: calls free: the functions of alloc.c count what they allocate and free",
			"cuv/a.c:3: calls malloc: the functions of alloc.c count what they allocate and free",
		}},
	})
}

func TestRuleCHeadings(t *testing.T) {
	runCases(t, cHeadings, []ruleCase{
		{"in order", tree{
			"cuv/a.h": "/* a.h: head. */\n\n/* a.c */\nint cuv_a(int n);\nvoid *cuv_b(\n  int n);\n\n/* c.c: more */\nvoid cuv_c(void);\nstatic inline int cuv_d(void) { return 0; }\n",
			"cuv/a.c": "#include \"a.h\"\n/* int cuv_no(void) {} */\nint cuv_a(int n) { return cuv_b(n); }\nvoid *cuv_b(\n  int n) {\n  return 0;\n}\n",
			"cuv/c.c": "void cuv_c(void) {}\nstatic int cuv_own(void) { return 0; }\n",
		}, nil},
		{"found", tree{
			"cuv/a.h":   "int cuv_none(void);\n\n/* c.c */\nint cuv_a(void);\nint cuv_gone(void);\n",
			"cuv/a.c":   "int cuv_none(void) { return 0; }\nint cuv_a(void) { return 0; }\nint cuv_hidden(void) { return 0; }\n",
			"other/b.h": "int cuv_elsewhere(void);\n",
		}, []string{
			"cuv/a.c:3: no header declares cuv_hidden",
			`cuv/a.h:1: cuv_none stands under "", and a.c defines it`,
			`cuv/a.h:4: cuv_a stands under "c.c", and a.c defines it`,
			"cuv/a.h:5: cuv_gone is defined nowhere",
		}},
	})
}

func TestRuleCOrder(t *testing.T) {
	const list = "/* cuv.h: the list.\n *\n *   up    b.c\n *   down  a.c\n */\n"
	runCases(t, cOrder, []ruleCase{
		{"downwards", tree{
			"cuv/cuv.h": list,
			"cuv/a.c":   "int cuv_a(void) { return 0; } /* for cuv_b */\n",
			"cuv/b.c":   "int cuv_b(void) { return cuv_a() + cuv_b(); }\n",
		}, nil},
		{"found", tree{
			"cuv/cuv.h": list,
			"cuv/a.c":   "int (*fn)(void) = cuv_b;\nint cuv_a(void) { return 0; }\n",
			"cuv/b.c":   "int cuv_b(void) { return cuv_a(); }\n",
			"cuv/c.c":   "int cuv_c(void) { return cuv_a(); }\n",
		}, []string{
			"cuv/a.c:1: cuv_b is b.c's, which stands in front of it in the list of cuv.h",
			"cuv/c.c:1: the list in cuv.h lacks it",
		}},
	})
}
