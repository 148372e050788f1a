/* sigaction.c: libuv's signal handlers inside a Go process.
 *
 * libuv installs its handler without SA_ONSTACK and forgets what was there.
 * In a Go program that handler would run on a goroutine's stack, which is too
 * small, and Go's own handler would be gone. So libuv's calls of sigaction come
 * here (interpose.h), and those of Go's runtime come to sighook.c:
 *
 *   - in the place of libuv's handler a trampoline is installed, with SA_ONSTACK. It
 *     runs libuv's handler and the one that was installed before;
 *   - while libuv watches a signal, Go's calls change only the remembered action;
 *   - when libuv resets a signal to SIG_DFL the remembered action is installed, unless
 *     other C code has replaced the trampoline meanwhile.
 *
 * If no part of the program wants a signal, as after os/signal.Reset, Go's handler
 * carries out the default action, which can end the process. A signal that a handle
 * watches must not do that. So Go's handler does not run in the trampoline, but on the
 * forwarder's thread (sigforward.c), where it cannot end the process. The trampoline stays
 * installed until the forwarder has run Go's handler.
 *
 * In a library that a program loads with dlopen a shared libuv does not find cuv's
 * sigaction. Handles watch no signals there: a stack could be overwritten.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cuv.h"
#include "interpose.h"
#include "sigaction.h"

CUV_USES_NEXT(sigaction);

static _Atomic(void (*)(int)) uv_handler; /* libuv's, learned at its first use */
static __thread int inside; /* in a call in which libuv may install its handler */

/* Begins a call of this thread in which libuv may install its handler. */
void cuv_sigaction_enter(void) { inside++; }

/* Ends what cuv_sigaction_enter began. */
void cuv_sigaction_leave(void) { inside--; }

/* The handler to run besides libuv's: a real one, not SIG_DFL or SIG_IGN. */
static cuv_sighandler chained(int sig) {
  const struct sigaction *p = &cuv_sigstates[sig].prior;
  if (p->sa_handler == SIG_DFL || p->sa_handler == SIG_IGN || !(p->sa_flags & SA_SIGINFO)) return NULL;
  return p->sa_sigaction;
}

/* Whether the forwarder runs a handler: Go's. At SIGCHLD Go's handler does no harm, so
 * children need no thread. */
static int forwards(int sig, cuv_sighandler handler) {
  return sig != SIGCHLD && cuv_forward_runs() && cuv_sighook_is_gos(handler);
}

/* Whether a thread of this process has sent the signal to one of its threads. */
static int from_ourselves(const siginfo_t *info) {
#if defined(SI_TKILL)
  if (info->si_code != SI_TKILL) return 0;
#elif defined(SI_LWP)
  if (info->si_code != SI_LWP) return 0;
#endif
  return info->si_pid == getpid();
}

/* Runs two handlers on the alternate stack, all signals masked: the one that was installed
 * before libuv's, then libuv's. The order matters: once libuv's has run, the loop's thread
 * may end the watch. */
static void trampoline(int sig, siginfo_t *info, void *context) {
  if (cuv_forwarding() == sig && from_ourselves(info)) {
    cuv_forward_raised(); /* by Go's handler, to carry out the default action: see sigforward.c */
    return;
  }
  int saved = errno;
  sigset_t mask;
  cuv_sigstate_lock(&mask);
  int held = cuv_sigstates[sig].hold == CUV_SIG_HELD;
  cuv_sighandler handler = chained(sig);
  int forward = handler != NULL && forwards(sig, handler);
  if (forward && cuv_sigstates[sig].hold == CUV_SIG_LEAVING)
    cuv_sigstates[sig].again = 1;
  else if (forward)
    cuv_sigstates[sig].pending = 1;
  cuv_sigstate_unlock(&mask);

  if (forward)
    cuv_forward_wake(sig);
  else if (handler != NULL)
    handler(sig, info, context);
  void (*uv)(int) = atomic_load(&uv_handler);
  if (held && uv != NULL) uv(sig);
  errno = saved;
}

/* For the forwarder: the handler to run for a signal that waits, or NULL. */
static cuv_sighandler claim(int sig) {
  sigset_t mask;
  cuv_sigstate_lock(&mask);
  cuv_sighandler handler = NULL;
  if (cuv_sigstates[sig].pending) {
    cuv_sigstates[sig].pending = 0;
    handler = chained(sig);
    if (handler != NULL && !forwards(sig, handler)) handler = NULL; /* is not Go's any more */
    cuv_sigstates[sig].claimed = 1;
  }
  cuv_sigstate_unlock(&mask);
  return handler;
}

/* Installs what Go wants in the place of the trampoline, if that is still installed. */
static int uninstall(int sig) {
  struct sigaction now;
  cuv_sigstates[sig].hold = CUV_SIG_FREE;
  if (CUV_NEXT(sigaction)(sig, NULL, &now) != 0) return -1;
  if (now.sa_sigaction != trampoline) return 0;
  return CUV_NEXT(sigaction)(sig, &cuv_sigstates[sig].prior, NULL);
}

/* For the forwarder: the handler has run. */
static void done(int sig) {
  sigset_t mask;
  cuv_sigstate_lock(&mask);
  cuv_sigstates[sig].claimed = 0;
  int again = 0;
  if (cuv_sigstates[sig].hold == CUV_SIG_LEAVING && !cuv_sigstates[sig].pending) {
    uninstall(sig);
    again = cuv_sigstates[sig].again;
    cuv_sigstates[sig].again = 0;
  }
  cuv_sigstate_unlock(&mask);
  if (again) kill(getpid(), sig);
}

/* Makes the thread that runs Go's handlers, unless Go's calls cannot be held off and it
 * could do nothing: 0 or an errno. */
int cuv_sigaction_prepare(void) { return cuv_sighook_on() ? cuv_forward_start(claim, done) : 0; }

/* Installs the trampoline for libuv. */
static int install(int sig, const struct sigaction *act) {
  struct sigaction mine = *act, was;
  mine.sa_sigaction = trampoline;
  mine.sa_flags = (act->sa_flags & ~SA_RESETHAND) | SA_SIGINFO | SA_ONSTACK;
  if (CUV_NEXT(sigaction)(sig, NULL, &was) != 0) return -1;
  if (was.sa_sigaction != trampoline) cuv_sigstates[sig].prior = was;
  enum cuv_sighold before = cuv_sigstates[sig].hold;
  cuv_sigstates[sig].hold = CUV_SIG_HELD;
  int r = CUV_NEXT(sigaction)(sig, &mine, NULL);
  if (r != 0) cuv_sigstates[sig].hold = before;
  if (r == 0 && cuv_sigstates[sig].again) {
    cuv_sigstates[sig].again = 0;
    cuv_sigstates[sig].pending = 1; /* the forwarder looks at it after what it runs now */
    cuv_forward_wake(sig);
  }
  return r;
}

/* Ends libuv's watch: what Go wants by now is installed, at once or by the forwarder. */
static int release(int sig) {
  if (cuv_sigstates[sig].hold != CUV_SIG_HELD) return 0;
  if (!cuv_sigstates[sig].pending && !cuv_sigstates[sig].claimed) return uninstall(sig);
  cuv_sigstates[sig].hold = CUV_SIG_LEAVING;
  return 0;
}

/* Waits until the forwarder has replaced the trampoline, which takes microseconds: the
 * caller who ends a watch finds the signal as it was before the watch. The wait is bounded,
 * because Go's handler, which the forwarder runs, may wait for a thread of Go's. */
static void await_uninstalled(int sig) {
  const struct timespec moment = {.tv_nsec = 50 * 1000};
  for (int left = 2000; left > 0; left--) {
    sigset_t mask;
    cuv_sigstate_lock(&mask);
    int leaving = cuv_sigstates[sig].hold == CUV_SIG_LEAVING;
    cuv_sigstate_unlock(&mask);
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
/* The same, where calls of all C code in the program come here. libuv's first call is made
 * between cuv_sigaction_enter and cuv_sigaction_leave. From then on libuv's handler is
 * known, and roughly the address range of its signal.c, which is 5,000 bytes long: calls
 * that reset a signal return to there. */
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

/* Every sigaction call of libuv, made at from; what is not libuv's goes on unchanged. */
int cuv_sigaction_set(int sig, const struct sigaction *act, struct sigaction *old, const char *from) {
  if (!is_libuvs(sig, act, from)) return CUV_NEXT(sigaction)(sig, act, old);
  sigset_t mask;
  cuv_sigstate_lock(&mask);
  if (old != NULL) *old = cuv_sigstates[sig].prior; /* libuv never asks */
  int r = plain(act) ? install(sig, act) : release(sig);
  cuv_sigstate_unlock(&mask);
  if (!plain(act)) await_uninstalled(sig);
  return r;
}
