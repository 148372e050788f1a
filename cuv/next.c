/* next.c: the C library's functions behind cuv's definitions of the same name, see
 * interpose.h. */
#ifndef UVGO_CALLOUTS
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interpose.h"

/* The next definition of a function behind ours, remembered in *at. A program
 * without a dynamic linker has none: it needs the libuv that calls cuv by name. */
void *cuv_next(_Atomic(void *) *at, const char *name) {
  void *fn = atomic_load_explicit(at, memory_order_relaxed);
  if (fn != NULL) return fn;
  fn = dlsym(RTLD_NEXT, name);
  if (fn == NULL) {
    static const char why[] = "uvgo: a static executable needs uvgo's own libuv: run `go run github.com/uvgo/uvgo/cmd/libuv -w`\n";
    if (write(2, why, sizeof why - 1) < 0) abort();
    abort();
  }
  atomic_store_explicit(at, fn, memory_order_relaxed);
  return fn;
}
#endif
