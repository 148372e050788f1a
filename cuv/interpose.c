/* interpose.c: the functions that libuv calls in place of the C library's. interpose.h
 * lists them. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#ifdef CUV_SHARED
#include <dlfcn.h>
#endif
#ifdef __linux__
#include <spawn.h>
#include <sys/epoll.h>
#include <unistd.h>
#endif

#include "interpose.h"
#include "sigaction.h"

#ifdef UVGO_CALLOUTS
#define CALLOUT(name) cuv_##name
#define DECLARE(name) extern __typeof__(name) cuv_##name
#else
#ifdef CUV_SHARED
#define SCOPE "default"
#else
#define SCOPE "hidden"
#endif
#define CALLOUT(name) name
#define DECLARE(name) extern __typeof__(name) name __attribute__((visibility(SCOPE)))
#endif

#ifdef __linux__
DECLARE(epoll_pwait);
int CALLOUT(epoll_pwait)(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
  return cuv_epoll_poll(fd, events, max, timeout, mask);
}

DECLARE(fork);
pid_t CALLOUT(fork)(void) { return cuv_child_fork(); }

DECLARE(posix_spawnattr_init);
int CALLOUT(posix_spawnattr_init)(posix_spawnattr_t *attr) { return cuv_child_spawnattr(attr); }

DECLARE(syscall);
long CALLOUT(syscall)(long nr, ...) {
  va_list args;
  va_start(args, nr);
  long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long);
  long d = va_arg(args, long), e = va_arg(args, long), f = va_arg(args, long);
  va_end(args);
  return cuv_iouring_refuse(nr, a, b, c, d, e, f);
}

#ifdef UVGO_CALLOUTS
DECLARE(read);
ssize_t CALLOUT(read)(int fd, void *p, size_t n) { return cuv_recv_read(fd, p, n); }
#endif
#endif

DECLARE(sigaction);
int CALLOUT(sigaction)(int sig, const struct sigaction *act, struct sigaction *old) {
  return cuv_sigaction_set(sig, act, old, __builtin_return_address(0));
}

#ifdef CUV_SHARED
/* This file's sigaction, whatever the dynamic linker makes of the name. */
extern int own(int sig, const struct sigaction *act, struct sigaction *old)
    __attribute__((alias("sigaction"), visibility("hidden"), nothrow, leaf));

/* Whether libuv's calls of sigaction come here: it finds what the program's own scope
 * has first, which is not this in a library that a program loads with dlopen. A library
 * of Go's prefers its own symbols, so RTLD_DEFAULT would not tell. */
int cuv_interposes_sigaction(void) {
  void *program = dlopen(NULL, RTLD_LAZY);
  if (program == NULL) return 0;
  int works = dlsym(program, "sigaction") == (void *)own;
  dlclose(program);
  return works;
}
#else
/* Whether libuv's calls of sigaction come here: the linker saw to it. */
int cuv_interposes_sigaction(void) { return 1; }
#endif
