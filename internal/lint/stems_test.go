package lint

import "testing"

func TestRuleTestStems(t *testing.T) {
	const p = "package p\n"
	old := testNames
	testNames = map[string]string{"handles/all_test.go": "every handle"}
	defer func() { testNames = old }()
	sources := func(tests ...string) tree {
		files := tree{"handles/timer.go": p, "handles/reap_linux.go": p, "uv/errno.go": p, "handles/all_test.go": p}
		for _, name := range tests {
			files[name] = p
		}
		return files
	}
	runCases(t, testStems, []ruleCase{
		{"of a file", sources("handles/timer_test.go", "handles/timer_fuzz_test.go", "handles/timer_linux_test.go", "handles/reap_test.go"), nil},
		{"of every package", sources("handles/main_test.go", "handles/fuzz_kit_test.go", "handles/example_udp_test.go"), nil},
		{"of another directory", sources("handles/errno_test.go"), []string{
			"handles/errno_test.go:1: handles has no file errno.go: name the test after the file that it tests",
		}},
		{"of none", sources("handles/timers_test.go", "tests/storm_test.go"), []string{
			"handles/timers_test.go:1: handles has no file timers.go: name the test after the file that it tests",
		}},
		{"stale", tree{"handles/timer.go": p}, []string{
			"internal/lint/exceptions.go: testNames lists handles/all_test.go, which needs no exception",
		}},
	})
}
