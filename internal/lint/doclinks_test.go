package lint

import "testing"

func TestRuleBrokenLinks(t *testing.T) {
	const page = "# A page\n\n## Shutdown ([`Example_it`](../x.go))\n\n## Twice\n\n## Twice\n\n<a name=\"old\"></a>\n"
	files := func(text string) tree {
		return tree{"docs/a.md": text, "docs/b.md": page, "x.go": "package x\n", "sub/README.md": "# Sub\n"}
	}
	runCases(t, brokenLinks, []ruleCase{
		{"right", files("[b](b.md) [c](b.md#shutdown-example_it) [d](b.md#twice-1) [e](b.md#old) [f](../x.go#L3) [g](../sub) [h](../sub#sub) [i](https://x.org/a#b) [j](#here)\n# Here\n"), nil},
		{"code", files("`[a](none.md)`\n\n```\n[a](none.md)\n```\n\n````md\n```\n[a](none.md)\n````\n"), nil},
		{"no file", files("[a](c.md)\n\n![a](images/c.svg)\n"), []string{
			"docs/a.md:1: the link to c.md leads to no file",
			"docs/a.md:3: the link to images/c.svg leads to no file",
		}},
		{"no heading", files("```\n# Code\n```\n[a](b.md#third) [b](b.md#twice-2) [c](#code)\n"), []string{
			"docs/a.md:4: the link to #code: docs/a.md has no heading #code",
			"docs/a.md:4: the link to b.md#third: docs/b.md has no heading #third",
			"docs/a.md:4: the link to b.md#twice-2: docs/b.md has no heading #twice-2",
		}},
	})
}

func TestRuleUnlistedPages(t *testing.T) {
	runCases(t, unlistedPages, []ruleCase{
		{"listed", tree{"docs/README.md": "| [a](a.md) | b |\n", "docs/a.md": "", "docs/sub/b.md": ""}, nil},
		{"not listed", tree{"docs/README.md": "b.md\n", "docs/a.md": ""}, []string{
			"docs/README.md: a.md is missing: add a row to its table, and one to docs/site/nav.json",
		}},
		{"sidebar", tree{"docs/README.md": "a.md b.md\n", "docs/a.md": "", "docs/b.md": "", "docs/site/nav.json": `[["docs/b.md", "B"], ["docs/README.md", ""], ["docs/b.md", "B"]]`}, []string{
			"docs/site/nav.json: docs/a.md is there 0 times, want once",
			"docs/site/nav.json: docs/b.md is there 2 times, want once",
		}},
	})
}
