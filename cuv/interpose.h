/* interpose.h: every function of the C library that cuv stands in front of when libuv
 * calls it.
 *
 *   function               what it becomes      why, told at length in that file
 *   epoll_pwait            cuv_epoll_poll       epoll.c: a turn takes few descriptors at a time,
 *                                               and can poll for a while before it waits
 *   fork                   cuv_child_fork       child.c: a child is made without a copy of the
 *                                               page tables
 *   posix_spawnattr_init   cuv_child_spawnattr  child.c: libuv >= 1.53 forks, too, for Spawn
 *   read                   cuv_recv_read        recv.c: a TCP connection is read by recv
 *   sigaction              cuv_sigaction_set    sigaction.c: libuv's signal handlers and Go's
 *                                               both run
 *   syscall                cuv_iouring_refuse   iouring.c: a loop gets no io_uring
 *
 * interpose.c defines them all, by one of two ways:
 *
 *   uvgo's libuv.a. third_party/libuv/callouts/callouts.h turns libuv's calls of NAME
 *   into cuv_NAME, and its pkg-config file defines UVGO_CALLOUTS. Nobody else's
 *   calls come to cuv.
 *
 *   A distribution's libuv calls NAME, so cuv defines NAME. In a static link the
 *   definition is hidden: only what is linked into the same file finds it. For a shared
 *   libuv (CUV_SHARED) it is visible: the dynamic linker binds libuv's calls to what the
 *   executable defines, and those of all others in the process, too. What is not libuv's
 *   goes on to the C library unchanged. read is left alone there: it is for speed only,
 *   and no reason to see every read of the process.
 *
 * Go's runtime is not libuv: sighook.c replaces a pointer of the runtime's.
 */
#ifndef CUV_INTERPOSE_H
#define CUV_INTERPOSE_H

/* CUV_NEXT(name) is the C library's function. A file that uses it says so before, by
 * CUV_USES_NEXT(name). */
#ifdef UVGO_CALLOUTS
#define CUV_NEXT(name) name
#define CUV_USES_NEXT(name) extern __typeof__(name) name
#else
#include <stdatomic.h>

#define CUV_NEXT(name) next_##name()
#define CUV_USES_NEXT(name)                        \
  static __typeof__(name) *next_##name(void) {     \
    static _Atomic(void *) at;                     \
    return (__typeof__(name) *)cuv_next(&at, #name); \
  }                                                \
  extern __typeof__(name) name

/* next.c */
void *cuv_next(_Atomic(void *) *at, const char *name);
#endif

#ifdef __linux__
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/types.h>

/* epoll.c */
int cuv_epoll_poll(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask);

/* child.c */
pid_t cuv_child_fork(void);
int cuv_child_spawnattr(posix_spawnattr_t *attr);

/* iouring.c */
long cuv_iouring_refuse(long nr, long a, long b, long c, long d, long e, long f);

/* recv.c */
ssize_t cuv_recv_read(int fd, void *p, size_t n);
#endif

#endif
