/* sighook.c: the calls by which Go's runtime sets signal handlers.
 *
 * In a program with cgo the runtime makes them through a C function of runtime/cgo, to
 * which a variable points (sighook.go). cuv puts a function of its own there: while libuv
 * watches a signal, what Go sets is only remembered. Only the runtime's calls come here,
 * however libuv is linked.
 */
#define _GNU_SOURCE
#include "sigaction.h"

#include <stddef.h>
#include <string.h>

#ifdef CUV_SIGHOOK
/* What the runtime passes: the kernel's sigaction. */
typedef struct {
  uintptr_t handler;
  unsigned long flags;
#ifndef __loongarch__
  uintptr_t restorer;
#endif
  uint64_t mask;
} go_action;

static int32_t (*next)(intptr_t, const go_action *, go_action *); /* runtime/cgo's */
static cuv_sighandler go_handler;

/* Reads what Go wants into C's struct. */
static void from_go(struct sigaction *to, const go_action *a) {
  memset(to, 0, sizeof *to);
  if (a->flags & SA_SIGINFO)
    to->sa_sigaction = (cuv_sighandler)a->handler;
  else
    to->sa_handler = (void (*)(int))a->handler;
  to->sa_flags = (int)(a->flags & ~0x4000000ul); /* SA_RESTORER is the C library's business */
  sigemptyset(&to->sa_mask);
  for (int sig = 1; sig <= 64; sig++)
    if (a->mask >> (sig - 1) & 1) sigaddset(&to->sa_mask, sig);
}

/* The reverse. */
static void to_go(go_action *to, const struct sigaction *a) {
  to->handler = a->sa_flags & SA_SIGINFO ? (uintptr_t)a->sa_sigaction : (uintptr_t)a->sa_handler;
  to->flags = (unsigned long)a->sa_flags;
  to->mask = 0;
  for (int sig = 1; sig <= 64; sig++)
    if (sigismember(&a->sa_mask, sig) == 1) to->mask |= (uint64_t)1 << (sig - 1);
}

/* In the place of runtime/cgo's: 0 or an errno. */
static int32_t hook(intptr_t sig, const go_action *act, go_action *old) {
  if (cuv_forwarding() == sig) { /* Go's handler must not carry out the default action: see sigforward.c */
    if (old != NULL) memset(old, 0, sizeof *old);
    return 0;
  }
  sigset_t mask;
  int32_t r = 0;
  cuv_sigstate_lock(&mask);
  if (cuv_sigstate_held((int)sig)) {
    struct sigaction a;
    a = cuv_sigstates[sig].prior;
    if (old != NULL) to_go(old, &a);
    if (act != NULL) {
      from_go(&a, act);
      cuv_sigstates[sig].prior = a;
    }
  } else {
    r = next(sig, act, old);
  }
  cuv_sigstate_unlock(&mask);
  return r;
}

/* Given runtime/cgo's function, returns the one to put in its place. */
void *cuv_sighook(void *runtimes) {
  struct sigaction act;
  if (sigaction(SIGURG, NULL, &act) == 0 && (act.sa_flags & SA_SIGINFO)) go_handler = act.sa_sigaction; /* Go always handles that one */
  *(void **)&next = runtimes;
  return (void *)hook;
}

/* Whether Go's calls come here. */
int cuv_sighook_on(void) { return next != NULL; }

/* Whether a handler is Go's. */
int cuv_sighook_is_gos(cuv_sighandler handler) { return next != NULL && handler == go_handler; }
#else
void *cuv_sighook(void *runtimes) { return runtimes; }
int cuv_sighook_on(void) { return 0; }
int cuv_sighook_is_gos(cuv_sighandler handler) { return (void)handler, 0; }
#endif
