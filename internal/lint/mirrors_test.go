package lint

import "testing"

func TestMirrorsAreComparedFieldByField(t *testing.T) { expectNone(t, mirrors) }

func TestRuleMirrors(t *testing.T) {
	const (
		types = "package cuv\n\n// A T mirrors cuv_t.\ntype T struct {\n\ta, b int\n\t_ int\n}\n\n// U is Go's alone.\ntype U struct{ a int }\n"
		whole = "\t_ = same[unsafe.Offsetof(T{}.a)*wide+unsafe.Sizeof(T{}.a)-unsafe.Offsetof(C.cuv_t{}.a)*wide-unsafe.Sizeof(C.cuv_t{}.a)]\n"
	)
	runCases(t, mirrors, []ruleCase{
		{"whole", tree{"cuv/t.go": types + "\nvar (\n" + whole + "\t_ = same[unsafe.Offsetof(T{}.b)*wide+unsafe.Sizeof(T{}.b)-unsafe.Offsetof(C.cuv_t{}.b)*wide-unsafe.Sizeof(C.cuv_t{}.b)]\n)\n"}, nil},
		{"found", tree{"cuv/t.go": types + "\nvar (\n" + whole + "\t_ = same[unsafe.Offsetof(T{}.b)-unsafe.Offsetof(C.cuv_t{}.b)]\n)\n"},
			[]string{"cuv/t.go:5: T.b is not compared with its field in C: add it to layout.go"}},
		{"elsewhere", tree{"uv/t.go": types}, nil},
	})
}
