/* sigstate.c: what is known of each signal, under one lock. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "sigaction.h"

cuv_sigstate cuv_sigstates[CUV_SIGNALS];

static atomic_flag lock = ATOMIC_FLAG_INIT;

/* Takes the lock. No signal may interrupt its holder: the handler could need it. */
void cuv_sigstate_lock(sigset_t *mask) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, mask);
  while (atomic_flag_test_and_set(&lock)) {
  }
}

/* Ends what cuv_sigstate_lock began, and leaves errno alone. */
void cuv_sigstate_unlock(const sigset_t *mask) {
  int saved = errno;
  atomic_flag_clear(&lock);
  pthread_sigmask(SIG_SETMASK, mask, NULL);
  errno = saved;
}

/* Whether the trampoline is in for a signal. */
int cuv_sigstate_held(int sig) { return sig > 0 && sig < CUV_SIGNALS && cuv_sigstates[sig].hold != CUV_SIG_FREE; }
