package lint

import "testing"

func TestRuleSemanticRules(t *testing.T) {
	const head = "# area\tname\tbehaviour (S… = a rule of docs/semantics.md)\n"
	const list = "tests/libuv/testdata/libuv.tsv"
	rules := func(text string) tree { return tree{semanticsFile: text, list: head + "loop\tstop\tstops (S1,S2)\n"} }
	runCases(t, semanticRules, []ruleCase{
		{"cited and there", rules("- **S1 Turn.** So.\n- **S2 Phases** follow S1.\n"), nil},
		{"cited and absent", rules("- **S1 Turn.** So.\n"), []string{list + ":2: docs/semantics.md has no rule S2"}},
		{"cites itself", rules("- **S1 Turn.** As S7.\n- **S2 Phases**\n"), []string{"docs/semantics.md:1: docs/semantics.md has no rule S7"}},
		{"not counted", rules("- **S1 Turn.** So.\n- **S2 Phases**\n- **S4 Reading**\n- **Memory**\n"), []string{
			"docs/semantics.md:3: rule S4, where S3 is next",
			"docs/semantics.md:4: a rule without a number",
		}},
		{"another file", tree{
			semanticsFile: "- **S1 Turn.** So.\n",
			list:          "# (S… = a rule of ../DESIGN.md)\nloop\tstop\t(S1)\n",
		}, []string{list + ":1: S… are rules of docs/semantics.md"}},
	})
}
