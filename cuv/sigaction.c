/* sigaction.c: libuv's signal handlers inside a Go process.
 *
 * libuv installs its handler without SA_ONSTACK and forgets what was there.
 * In a Go program that handler would run on a goroutine's stack, which is too
 * small, and Go's own handler would be gone. So libuv's calls of sigaction come
 * through here (interpose.h), and Go's runtime's through sighook.c:
 *
 *   - libuv's handler goes in with SA_ONSTACK, behind a trampoline that also sees
 *     to it that what was there before runs, so that both deliver;
 *   - while libuv holds a signal, Go's calls change only the remembered action;
 *   - libuv's reset to SIG_DFL puts the remembered action back, unless somebody
 *     else's C has replaced the trampoline meanwhile.
 *
 * Go's handler carries out the signal's default action if no part of the program
 * wants it, as after os/signal.Reset. A handle's signal must not end the process, so
 * Go's handler does not run here, but on the forwarder's thread (sigforward.c), where it
 * cannot. Until it is done with a signal the trampoline stays in.
 *
 * A library that a program loads with dlopen is not where a shared libuv looks
 * for sigaction: there it watches no signals, rather than corrupt stacks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#ifdef CUV_SHARED
#include <dlfcn.h>
#endif

#include "cuv.h"
#include "interpose.h"
#include "sigaction.h"

CUV_DECLARE(sigaction);

/* How the trampoline stands to a signal. */
enum hold {
  NOT_IN,  /* it is not installed */
  HOLDS,   /* libuv watches: from take to give_back */
  LEAVING, /* libuv does not any more, but the forwarder has one for Go */
};

static struct {
  enum hold hold;
  int pending;            /* for the forwarder */
  int claimed;            /* by the forwarder */
  int again;              /* came while LEAVING: to be raised once the trampoline is out */
  struct sigaction prior; /* what Go wants the signal to do, while not NOT_IN */
} signals[CUV_SIGNALS];   /* under lock */

static _Atomic(void (*)(int)) uv_handler; /* libuv's, learned at its first use */
static atomic_flag lock = ATOMIC_FLAG_INIT;
static __thread int inside; /* in a call in which libuv may install its handler */

/* Marks the calls of this thread in which libuv may register its handler. */
void cuv_sigaction_enter(void) { inside++; }

/* Ends what cuv_sigaction_enter began. */
void cuv_sigaction_leave(void) { inside--; }

/* Takes the lock. No signal may interrupt its holder: the handler could need it. */
void cuv_sigaction_lock(sigset_t *mask) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, mask);
  while (atomic_flag_test_and_set(&lock)) {
  }
}

/* Ends what cuv_sigaction_lock began, and leaves errno alone. */
void cuv_sigaction_unlock(const sigset_t *mask) {
  int saved = errno;
  atomic_flag_clear(&lock);
  pthread_sigmask(SIG_SETMASK, mask, NULL);
  errno = saved;
}

/* Whether the trampoline is in for a signal. */
int cuv_sigaction_held(int sig) { return sig > 0 && sig < CUV_SIGNALS && signals[sig].hold != NOT_IN; }

/* Remembers what Go wants the signal to do. */
void cuv_sigaction_remember(int sig, const struct sigaction *act) { signals[sig].prior = *act; }

/* What Go wants the signal to do. */
void cuv_sigaction_recall(int sig, struct sigaction *old) { *old = signals[sig].prior; }

/* The handler to run besides libuv's: a real one, not SIG_DFL or SIG_IGN. */
static cuv_sighandler chained(int sig) {
  const struct sigaction *p = &signals[sig].prior;
  if (p->sa_handler == SIG_DFL || p->sa_handler == SIG_IGN || !(p->sa_flags & SA_SIGINFO)) return NULL;
  return p->sa_sigaction;
}

/* Whether Go's handler is the forwarder's to run. Of SIGCHLD it takes no action that
 * could harm, so that children need no thread. */
static int forwards(int sig, cuv_sighandler handler) {
  return sig != SIGCHLD && cuv_forward_runs() && cuv_sighook_gos(handler);
}

/* Runs libuv's handler on the alternate stack, all signals masked, and before it
 * what was there before: once libuv's has run, the loop's thread may end the watch. */
static void trampoline(int sig, siginfo_t *info, void *context) {
  if (cuv_forwarding() == sig && info->si_code == SI_TKILL && info->si_pid == getpid())
    return; /* Go's handler carries out the default action: see sigforward.c */
  int saved = errno;
  sigset_t mask;
  cuv_sigaction_lock(&mask);
  int held = signals[sig].hold == HOLDS;
  cuv_sighandler handler = chained(sig);
  int forward = handler != NULL && forwards(sig, handler);
  if (forward && signals[sig].hold == LEAVING)
    signals[sig].again = 1;
  else if (forward)
    signals[sig].pending = 1;
  cuv_sigaction_unlock(&mask);

  if (forward)
    cuv_forward_wake(sig);
  else if (handler != NULL)
    handler(sig, info, context);
  void (*uv)(int) = atomic_load(&uv_handler);
  if (held && uv != NULL) uv(sig);
  errno = saved;
}

/* For the forwarder: the handler to run for a signal that waits, or NULL. */
cuv_sighandler cuv_sigaction_claim(int sig) {
  sigset_t mask;
  cuv_sigaction_lock(&mask);
  cuv_sighandler handler = NULL;
  if (signals[sig].pending) {
    signals[sig].pending = 0;
    handler = chained(sig);
    if (handler != NULL && !forwards(sig, handler)) handler = NULL; /* is not Go's any more */
    signals[sig].claimed = 1;
  }
  cuv_sigaction_unlock(&mask);
  return handler;
}

/* Takes the trampoline out, if it is still what is in. */
static int take_out(int sig) {
  struct sigaction now;
  signals[sig].hold = NOT_IN;
  if (CUV_NEXT(sigaction)(sig, NULL, &now) != 0) return -1;
  if (now.sa_sigaction != trampoline) return 0;
  return CUV_NEXT(sigaction)(sig, &signals[sig].prior, NULL);
}

/* For the forwarder: the handler has run. */
void cuv_sigaction_done(int sig) {
  sigset_t mask;
  cuv_sigaction_lock(&mask);
  signals[sig].claimed = 0;
  int again = 0;
  if (signals[sig].hold == LEAVING && !signals[sig].pending) {
    take_out(sig);
    again = signals[sig].again;
    signals[sig].again = 0;
  }
  cuv_sigaction_unlock(&mask);
  if (again) kill(getpid(), sig);
}

/* Puts the trampoline in for libuv. */
static int take(int sig, const struct sigaction *act) {
  struct sigaction mine = *act, was;
  mine.sa_sigaction = trampoline;
  mine.sa_flags = (act->sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
  if (CUV_NEXT(sigaction)(sig, NULL, &was) != 0) return -1;
  if (was.sa_sigaction != trampoline) signals[sig].prior = was;
  enum hold before = signals[sig].hold;
  signals[sig].hold = HOLDS;
  int r = CUV_NEXT(sigaction)(sig, &mine, NULL);
  if (r != 0) signals[sig].hold = before;
  if (r == 0 && signals[sig].again) {
    signals[sig].again = 0;
    signals[sig].pending = 1; /* the forwarder looks at it behind what it is at */
    cuv_forward_wake(sig);
  }
  return r;
}

/* Gives the signal back to what Go wants by now. */
static int give_back(int sig) {
  if (signals[sig].hold != HOLDS) return 0;
  if (!signals[sig].pending && !signals[sig].claimed) return take_out(sig);
  signals[sig].hold = LEAVING;
  return 0;
}

/* Waits for the forwarder to take the trampoline out, which takes it microseconds: whoever
 * ends a watch finds the signal as it was before, not a moment later. Not for ever:
 * Go's handler, which the forwarder runs, may wait for a thread of Go's. */
static void await_out(int sig) {
  const struct timespec moment = {.tv_nsec = 50 * 1000};
  for (int left = 2000; left > 0; left--) {
    sigset_t mask;
    cuv_sigaction_lock(&mask);
    int leaving = signals[sig].hold == LEAVING;
    cuv_sigaction_unlock(&mask);
    if (!leaving) return;
    nanosleep(&moment, NULL);
  }
}

/* Whether the action is a real handler of the kind that libuv installs. */
static int plain(const struct sigaction *act) {
  return act != NULL && !(act->sa_flags & SA_SIGINFO) && act->sa_handler != SIG_DFL && act->sa_handler != SIG_IGN;
}

#ifdef UVGO_CALLOUTS
/* Whether the call is one of libuv's that this file changes: only libuv makes any. */
static int is_libuvs(int sig, const struct sigaction *act, const char *from) {
  (void)from;
  if (plain(act)) atomic_store(&uv_handler, act->sa_handler);
  return sig > 0 && sig < CUV_SIGNALS && act != NULL;
}
#else
/* The same, where all of the program's C calls this. libuv's first one is made under
 * our eyes; from then on its handler is known, and where the calls in its
 * signal.c return to, which is 5,000 bytes long. */
static int is_libuvs(int sig, const struct sigaction *act, const char *from) {
  static _Atomic(const char *) known;
  if (sig <= 0 || sig >= CUV_SIGNALS || act == NULL) return 0;
  if (plain(act)) {
    if (inside && atomic_load(&uv_handler) == NULL) {
      atomic_store(&known, from);
      atomic_store(&uv_handler, act->sa_handler);
    }
    return act->sa_handler == atomic_load(&uv_handler);
  }
  ptrdiff_t away = from - atomic_load(&known);
  return act->sa_handler == SIG_DFL && act->sa_flags == 0 && away > -8192 && away < 8192;
}
#endif

/* Every sigaction call of libuv; what is not libuv's goes on unchanged. */
int CUV_CALLOUT(sigaction)(int sig, const struct sigaction *act, struct sigaction *old) {
  if (!is_libuvs(sig, act, __builtin_return_address(0))) return CUV_NEXT(sigaction)(sig, act, old);
  sigset_t mask;
  cuv_sigaction_lock(&mask);
  if (old != NULL) *old = signals[sig].prior; /* libuv never asks */
  int r = plain(act) ? take(sig, act) : give_back(sig);
  cuv_sigaction_unlock(&mask);
  if (!plain(act)) await_out(sig);
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
