/* outside.c: a goroutine belongs to the bubble (testing/synctest) of the one that
 * started it. Only a thread that C made belongs to none. */
#include <pthread.h>
#include <signal.h>

#include "_cgo_export.h"
#include "outside.h"

static void *enter_go(void *id) {
  cuvOutside((uint32_t)(uintptr_t)id);
  return NULL;
}

/* Has a thread of its own call cuvOutside, and does not wait for it; returns an
 * errno value. Outside of Go the thread receives no signals: Go's threads handle them. */
int cuv_outside(uint32_t id) {
  sigset_t all, old;
  pthread_t thread;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int rc = pthread_create(&thread, NULL, enter_go, (void *)(uintptr_t)id);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  if (rc == 0) pthread_detach(thread);
  return rc;
}
