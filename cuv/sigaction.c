/* sigaction.c: libuv's signal handlers inside a Go process.
 *
 * libuv installs its handler without SA_ONSTACK and forgets what was there.
 * In a Go program that handler would run on a goroutine's stack, which is too
 * small, and Go's own handler would be gone. So every sigaction of libuv and of
 * Go's runtime comes through here:
 *
 *   - libuv's handler goes in with SA_ONSTACK, behind a trampoline that calls
 *     the action that Go had first and then libuv, so that both deliver;
 *   - while libuv holds a signal, Go's calls change only the remembered action;
 *   - libuv's reset to SIG_DFL puts the remembered action back.
 *
 * A static libuv is reached by the linker's --wrap; a shared one by defining
 * sigaction in the executable, which the dynamic linker prefers. In a library that
 * a program loads with dlopen it prefers the C library's: there a shared libuv
 * watches no signals, rather than corrupt stacks.
 */
#ifdef CUV_SHARED
#define _GNU_SOURCE
#include <dlfcn.h>
#endif
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "cuv.h"

enum { signals = 65 };

typedef void (*plain_handler)(int);
typedef void (*info_handler)(int, siginfo_t *, void *);

static _Atomic(plain_handler) uv_handler; /* libuv's, learned at its first use */
static atomic_int taken[signals];         /* libuv holds this signal */
static struct sigaction prior[signals];   /* what Go wants it to do, under lock */
static _Atomic(info_handler) chained[signals]; /* the same, for the trampoline */
static atomic_flag lock = ATOMIC_FLAG_INIT;
static __thread int inside; /* in a call in which libuv may install its handler */

#ifdef CUV_SHARED
typedef int (*sigaction_fn)(int, const struct sigaction *, struct sigaction *);

static int real_sigaction(int sig, const struct sigaction *act, struct sigaction *old) {
  static _Atomic(sigaction_fn) next;
  sigaction_fn fn = atomic_load(&next);
  if (fn == NULL) {
    fn = (sigaction_fn)dlsym(RTLD_NEXT, "sigaction");
    atomic_store(&next, fn);
  }
  return fn(sig, act, old);
}
#define intercepted sigaction
#else
int __real_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
int __wrap_sigaction(int sig, const struct sigaction *act, struct sigaction *old);
#define real_sigaction __real_sigaction
#define intercepted __wrap_sigaction
#endif

/* Marks the calls of this thread in which libuv may register its handler. */
void cuv_sigaction_enter(void) { inside++; }

/* Ends what cuv_sigaction_enter began. */
void cuv_sigaction_leave(void) { inside--; }

/* Runs Go's handler, then libuv's, on the alternate stack, all signals masked.
 * In this order: once libuv's has run, the loop's thread may end the watch, and
 * Go's, if it came after that, would carry out the default action. */
static void trampoline(int sig, siginfo_t *info, void *context) {
  int saved = errno;
  info_handler go = atomic_load(&chained[sig]);
  if (go != NULL) go(sig, info, context);
  plain_handler uv = atomic_load(&uv_handler);
  if (atomic_load(&taken[sig]) && uv != NULL) uv(sig);
  errno = saved;
}

/* Remembers what Go wants; the trampoline only chains to real handlers. */
static void remember(int sig, const struct sigaction *act) {
  prior[sig] = *act;
  int real = act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN && (act->sa_flags & SA_SIGINFO);
  atomic_store(&chained[sig], real ? act->sa_sigaction : NULL);
}

/* Puts the trampoline in for libuv. */
static int take(int sig, const struct sigaction *act) {
  struct sigaction mine = *act, was;
  mine.sa_sigaction = trampoline;
  mine.sa_flags = (act->sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
  if (atomic_load(&taken[sig])) return real_sigaction(sig, &mine, NULL);
  if (real_sigaction(sig, NULL, &was) != 0) return -1;
  remember(sig, &was);
  atomic_store(&taken[sig], 1);
  int r = real_sigaction(sig, &mine, NULL);
  if (r != 0) atomic_store(&taken[sig], 0);
  return r;
}

/* Gives the signal back to what Go wants by now. */
static int give_back(int sig) {
  int r = real_sigaction(sig, &prior[sig], NULL);
  atomic_store(&taken[sig], 0);
  return r;
}

/* Every sigaction call of libuv, of Go's runtime and of the program's C. */
int intercepted(int sig, const struct sigaction *act, struct sigaction *old) {
  if (sig <= 0 || sig >= signals) return real_sigaction(sig, act, old);

  /* No signal may interrupt the holder of the lock: its handler could need it. */
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  while (atomic_flag_test_and_set(&lock)) {
  }

  plain_handler uv = atomic_load(&uv_handler);
  int real = act != NULL && !(act->sa_flags & SA_SIGINFO) && act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN;
  if (real && inside && uv == NULL) {
    uv = act->sa_handler;
    atomic_store(&uv_handler, uv);
  }
  int r = 0;
  if (real && uv != NULL && act->sa_handler == uv) {
    if (old != NULL) *old = prior[sig];
    r = take(sig, act);
  } else if (!atomic_load(&taken[sig])) {
    r = real_sigaction(sig, act, old);
  } else if (act != NULL && act->sa_handler == SIG_DFL && act->sa_flags == 0) {
    r = give_back(sig); /* libuv; Go's runtime always sets flags */
  } else {
    if (old != NULL) *old = prior[sig];
    if (act != NULL) remember(sig, act);
  }

  int saved = errno;
  atomic_flag_clear(&lock);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  errno = saved;
  return r;
}

#ifdef CUV_SHARED
/* This file's sigaction, whatever the dynamic linker makes of the name. */
extern int own(int sig, const struct sigaction *act, struct sigaction *old)
    __attribute__((alias("sigaction"), visibility("hidden"), nothrow, leaf));

/* Whether libuv's calls come through here: it finds what the program's own scope
 * has first. A library of Go's prefers its own symbols, so RTLD_DEFAULT would not
 * tell. */
int cuv_sigaction_works(void) {
  void *program = dlopen(NULL, RTLD_LAZY);
  if (program == NULL) return 0;
  int works = dlsym(program, "sigaction") == (void *)own;
  dlclose(program);
  return works;
}
#else
/* Whether libuv's calls come through here: the linker saw to it. */
int cuv_sigaction_works(void) { return 1; }
#endif
