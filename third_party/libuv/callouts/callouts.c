/* callouts.c: what our libuv.a calls when a program links it without uvgo.
 *
 * callouts.h turns libuv's calls of some functions of the C library from NAME into
 * cuv_NAME, so that uvgo can stand in between without touching anybody else's calls.
 * uvgo's package cuv defines them; a program of C alone gets these. Each is a member of
 * libuv.a of its own, compiled with -DCALLOUT_NAME: the linker takes only those that
 * nobody has defined.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <signal.h>
#include <stdarg.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef CALLOUT_epoll_pwait
#include <sys/epoll.h>
int cuv_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
  return epoll_pwait(fd, events, max, timeout, mask);
}
#endif

#ifdef CALLOUT_fork
pid_t cuv_fork(void) { return fork(); }
#endif

#ifdef CALLOUT_posix_spawnattr_init
#include <spawn.h>
int cuv_posix_spawnattr_init(posix_spawnattr_t *attr) { return posix_spawnattr_init(attr); }
#endif

#ifdef CALLOUT_read
ssize_t cuv_read(int fd, void *p, size_t n) { return read(fd, p, n); }
#endif

#ifdef CALLOUT_sigaction
int cuv_sigaction(int sig, const struct sigaction *act, struct sigaction *old) { return sigaction(sig, act, old); }
#endif

#ifdef CALLOUT_syscall
long cuv_syscall(long nr, ...) {
  va_list args;
  va_start(args, nr);
  long a = va_arg(args, long), b = va_arg(args, long), c = va_arg(args, long);
  long d = va_arg(args, long), e = va_arg(args, long), f = va_arg(args, long);
  va_end(args);
  return syscall(nr, a, b, c, d, e, f);
}
#endif
