/* watchdog.c: a thread that looks for callbacks that do not return, and tells Go of them.
 *
 * It is a thread of C's, because one of Go's would need a timer of Go's, or stand in a system call: the first makes the runtime
 * open descriptors, the second costs it a processor now and then. Here a program has no goroutine for it and no timer. The thread
 * looks every 25 ms or sooner while loops turn. When none has turned between two looks and no callback runs, it sleeps until a loop
 * wakes it: a loop looks at one word whenever it comes back from C. A while after the last loop is gone the thread ends.
 *
 * A callback is known by when it began, which the loop writes into its ring. It is stuck when looks have seen the same one
 * for the loop's limit. A look counts for no more time than it was meant to come after. So time in which the process
 * was stopped (SIGSTOP, a debugger, a laptop that sleeps) does not count. */
#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "_cgo_export.h"
#include "cuv.h"
#include "watchdog.h"

#define MS 1000000u
#define TICK (25u * MS)    /* how long it sleeps between looks, at most */
#define SLACK (5u * MS)    /* how much later a look may come and count in full */
#define QUIET 2            /* looks in a row at nothing after which it sleeps */
#define LINGER (1000u * MS) /* how long it stays without loops */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uv_mutex_t mutex;
static uv_cond_t cond;
static cuv_loop *loops;     /* those with a limit. Mutex */
static int running;         /* there is a thread. Mutex */
static uint32_t asleep = 1; /* the thread sleeps until it is woken, or there is none. Loops read it without the mutex */

static void init(void) {
  uv_mutex_init(&mutex);
  uv_cond_init(&cond);
}

/* Looks at a loop, now; slept: how long ago the last look was meant to be. 1: its callback is stuck, and Go does not know. */
static int look(cuv_loop *l, uint64_t now, uint64_t slept, uint64_t *next, int *active) {
  cuv_watch *w = &l->watch;
  uint64_t began = __atomic_load_n(&l->ring.began, __ATOMIC_RELAXED);
  uint64_t turns = __atomic_load_n(&l->ring.turns, __ATOMIC_RELAXED);
  if (began != 0 || turns != w->turns) *active = 1;
  w->turns = turns;
  if (w->limit / 4 < *next) *next = w->limit / 4;
  if (began != w->seen) {
    uint64_t age = now - w->epoch - began;
    w->seen = began;
    w->held = age < slept ? age : slept; /* also if the clocks differ, and age is less than nothing */
    w->told = 0;
  } else {
    w->held += slept;
  }
  if (began == 0) return 0;
  if (w->held < w->limit) {
    if (w->limit - w->held < *next) *next = w->limit - w->held;
    return 0;
  }
  if (w->told == 0) {
    w->told = 1;
    __atomic_store_n(&l->ring.stuck, l->ring.stuck + 1, __ATOMIC_RELAXED);
  }
  return w->told == 1;
}

/* Notes that Go knows of callbacks. */
static void taken(const cuv_stuck *list, int n) {
  for (cuv_loop *l = loops; l != NULL; l = l->watch.next)
    for (int i = 0; i < n; i++)
      if ((uint64_t)(uintptr_t)l == list[i].loop && l->watch.seen == list[i].began) l->watch.told = 2;
}

/* Looks at all loops, and tells Go; returns how long to sleep. */
static uint64_t look_at_all(uint64_t now, uint64_t slept, int *active) {
  cuv_stuck list[CUV_STUCK_MAX];
  int n = 0;
  uint64_t next = TICK;
  for (cuv_loop *l = loops; l != NULL; l = l->watch.next) {
    if (!look(l, now, slept, &next, active) || n == CUV_STUCK_MAX) continue;
    list[n++] = (cuv_stuck){(uint64_t)(uintptr_t)l, l->watch.seen, l->watch.held};
  }
  if (n > 0) { /* without the mutex: Go may take its time, and a loop may be closed meanwhile */
    uv_mutex_unlock(&mutex);
    int ok = cuvStuck(list, n);
    uv_mutex_lock(&mutex);
    if (ok) taken(list, n);
  }
  return next < MS ? MS : next;
}

/* The thread. Between the loop's write of began and its read of asleep there is no barrier, nor between the two here. So the
 * thread says first that it sleeps, and looks once more a while later: by then either has seen the other. */
static void *watch(void *arg) {
  (void)arg;
#ifdef __linux__
  prctl(PR_SET_NAME, "uvgo-watchdog");
#endif
  uint64_t next = TICK, looked = uv_hrtime();
  int quiet = 0;
  uv_mutex_lock(&mutex);
  for (;;) {
    uv_cond_timedwait(&cond, &mutex, next);
    uint64_t now = uv_hrtime(), slept = now - looked;
    int active = 0;
    if (slept > next + SLACK) slept = next + SLACK;
    looked = now;
    next = look_at_all(now, slept, &active);
    if (active) {
      quiet = 0;
      __atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
    } else if (++quiet == QUIET) {
      __atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST);
    } else if (quiet > QUIET) { /* unless a loop has woken it meanwhile */
      while (__atomic_load_n(&asleep, __ATOMIC_SEQ_CST)) {
        if (loops != NULL)
          uv_cond_wait(&cond, &mutex);
        else if (uv_cond_timedwait(&cond, &mutex, LINGER) != 0 && loops == NULL && __atomic_load_n(&asleep, __ATOMIC_SEQ_CST)) {
          running = 0;
          uv_mutex_unlock(&mutex);
          return NULL;
        }
      }
      quiet = 0;
      next = TICK;
      looked = uv_hrtime();
    }
  }
}

/* Makes the thread, with all signals blocked: Go's threads handle them. Its stack serves Go's calls of C, too. */
static int start(void) {
  sigset_t all, old;
  pthread_attr_t attr;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_attr_init(&attr);
  pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attr, 256 * 1024);
  int err = pthread_create(&thread, &attr, watch, NULL);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return err;
}

/* Has the watchdog look at a loop, whose callbacks may run for limit ns. Their begins count from epoch. */
void cuv_watch_on(cuv_loop *l, uint64_t limit, uint64_t epoch) {
  pthread_once(&once, init);
  uv_mutex_lock(&mutex);
  l->watch = (cuv_watch){.next = loops, .on = 1, .limit = limit, .epoch = epoch};
  if (loops != NULL) loops->watch.prev = l;
  loops = l;
  if (!running) __atomic_store_n(&asleep, 1, __ATOMIC_SEQ_CST); /* once more, if there was no thread to be had */
  uv_mutex_unlock(&mutex);
}

/* Ends that. */
void cuv_watch_off(cuv_loop *l) {
  cuv_watch *w = &l->watch;
  if (!w->on) return;
  uv_mutex_lock(&mutex);
  if (w->next != NULL) w->next->watch.prev = w->prev;
  if (w->prev != NULL)
    w->prev->watch.next = w->next;
  else
    loops = w->next;
  w->on = 0;
  if (loops == NULL && running) uv_cond_signal(&cond);
  uv_mutex_unlock(&mutex);
}

/* The word that is not 0 while the thread has to be woken. */
uint32_t *cuv_watchdog_asleep(void) { return &asleep; }

/* Wakes the thread, or makes it. An errno value if the system has none: then there is no watchdog until another loop is made. */
int cuv_watchdog_wake(void) {
  int err = 0;
  pthread_once(&once, init);
  uv_mutex_lock(&mutex);
  __atomic_store_n(&asleep, 0, __ATOMIC_SEQ_CST);
  if (!running) {
    err = start();
    running = err == 0;
  } else {
    uv_cond_signal(&cond);
  }
  uv_mutex_unlock(&mutex);
  return err;
}
