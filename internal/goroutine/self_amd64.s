#include "textflag.h"

// func Self() uintptr
// The runtime keeps g in thread-local storage; R14 holds it in Go code only.
TEXT ·Self(SB), NOSPLIT, $0-8
	MOVQ TLS, CX
	MOVQ 0(CX)(TLS*1), AX
	MOVQ AX, ret+0(FP)
	RET
