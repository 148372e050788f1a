/* sigforward.c: a thread that runs Go's signal handler for the signals that handles watch.
 *
 * If no part of the program wants a signal, because os/signal.Reset removed even
 * the handle's registration, Go's handler ends the process. On a thread that is not
 * Go's it has one way to do so, the default action: it sets SIG_DFL, raises the signal
 * and, if the process still runs, installs itself again. On the thread here the two calls
 * of sigaction change nothing (sighook.c), and the trampoline ignores the raised signal. So
 * all parts of the program that want the signal get it, and if none does, nothing happens.
 *
 * After os/signal.Ignore Go's handler takes another way, if that call came when this thread was about
 * to run the handler: it raises the signal twice and then exits with status 2. The first of the two raises looks like the
 * only one of the usual way, on which Go holds an M of the runtime's. The second is the other way's alone, which holds nothing
 * yet: there the trampoline leaves the handler for good.
 *
 * The thread starts with the first watch of a signal and stays.
 */
#define _GNU_SOURCE
#include "sigaction.h"

#ifdef __linux__
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include <unistd.h>

static sem_t work;
static cuv_sighandler (*claim)(int); /* the handler to run for a signal that waits, or NULL */
static void (*done)(int);             /* told that it has run */
static _Atomic uint64_t waiting; /* a bit for each signal: 1 << (sig - 1) */
static atomic_int runs;
static __thread int forwarding; /* the signal for which Go's handler runs on this thread, or 0 */
static int raised;              /* how often it has raised that; the thread's, as the following */
static sigjmp_buf leave;        /* where to go on behind the handler */

/* Runs a handler as the kernel would. */
static void run(int sig, cuv_sighandler handler) {
  siginfo_t info;
  ucontext_t context;
  memset(&info, 0, sizeof info);
  memset(&context, 0, sizeof context);
  info.si_signo = sig;
  info.si_code = SI_USER;
  info.si_pid = getpid();
  info.si_uid = getuid();
  raised = 0;
  forwarding = sig;
  if (sigsetjmp(leave, 0) == 0) handler(sig, &info, &context);
  forwarding = 0;
  sigset_t all; /* Go's handler has unblocked the signal that it raised */
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void *forward(void *arg) {
  (void)arg;
  prctl(PR_SET_NAME, "uvgo-signals");
  for (;;) {
    while (sem_wait(&work) != 0) {
    }
    uint64_t set = atomic_exchange(&waiting, 0);
    for (int sig = 1; set != 0; sig++, set >>= 1) {
      if (!(set & 1)) continue;
      cuv_sighandler handler = claim(sig);
      if (handler != NULL) run(sig, handler);
      done(sig);
    }
  }
  return NULL;
}

/* Makes the thread, with all signals blocked; 0 or an error of pthread_create. For every
 * signal that it is woken for it calls the two functions, the handler in between. */
int cuv_forward_start(cuv_sighandler (*with_claim)(int), void (*with_done)(int)) {
  static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
  if (atomic_load(&runs)) return 0;
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_mutex_lock(&once);
  int err = 0;
  if (!atomic_load(&runs)) {
    pthread_attr_t attr;
    pthread_t thread;
    claim = with_claim;
    done = with_done;
    sem_init(&work, 0, 0);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, 256 * 1024);
    err = pthread_create(&thread, &attr, forward, NULL);
    pthread_attr_destroy(&attr);
    if (err == 0) atomic_store(&runs, 1);
  }
  pthread_mutex_unlock(&once);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return err;
}

/* Whether there is a thread to forward to. */
int cuv_forward_runs(void) { return atomic_load(&runs); }

/* Makes the thread look at a signal. For signal handlers, too. */
void cuv_forward_wake(int sig) {
  atomic_fetch_or(&waiting, (uint64_t)1 << (sig - 1));
  sem_post(&work);
}

/* The signal for which Go's handler runs on this thread, or 0. */
int cuv_forwarding(void) { return forwarding; }

/* For the trampoline: Go's handler, which runs on this thread, has raised its signal. */
void cuv_forward_raised(void) {
  if (++raised == 2) siglongjmp(leave, 1);
}
#else
int cuv_forward_start(cuv_sighandler (*claim)(int), void (*done)(int)) { return (void)claim, (void)done, 0; }
int cuv_forward_runs(void) { return 0; }
void cuv_forward_wake(int sig) { (void)sig; }
int cuv_forwarding(void) { return 0; }
void cuv_forward_raised(void) {}
#endif
