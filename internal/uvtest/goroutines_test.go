//go:build unix

package uvtest

import "testing"

func TestGoroutinesOfCsThreadsAreNoLeaks(t *testing.T) {
	for stack, want := range map[string]bool{
		"goroutine 17 [syscall, locked to thread]:\nruntime.goexit({})\n\t/go/asm_amd64.s:1771 +0x1":             true,
		"goroutine 17 [syscall, 2 minutes, locked to thread]:\nruntime.goexit({})\n\t/go/asm_amd64.s:1771 +0x1":  true,
		"goroutine 9 [syscall, locked to thread]:\nmain.wait()\n\t/x.go:1 +0x1\ncreated by main.main\n\t/x.go:2": false,
	} {
		if got := isBackground(stack); got != want {
			t.Errorf("%s: background: %t", stack, got)
		}
	}
}
