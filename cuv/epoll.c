/* epoll.c: how many descriptors one turn takes from the kernel.
 *
 * libuv asks for up to 1,024 ready descriptors a poll and, being level-triggered,
 * serves every one of them before Go sees the first. With hundreds of busy
 * connections a turn then goes through all of their memory twice, once to read
 * and once to answer, and the processor's cache holds neither them nor the
 * kernel's side of them that long. So a turn's poll asks for fewer (ring.c says
 * how many); what it leaves stays at the head of the kernel's queue, and what it
 * served goes to the end, so that all have their turn. On other systems than Linux
 * libuv polls as it likes.
 *
 * libuv is reached as in sigaction.c: a static one by the linker's --wrap, a
 * shared one by a definition in the executable.
 */
#ifdef __linux__
#ifdef CUV_SHARED
#define _GNU_SOURCE
#include <dlfcn.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "cuv.h"

static __thread int batch; /* descriptors for a poll of this thread's turn, 0 outside of turns */

#ifdef CUV_SHARED
typedef int (*epoll_fn)(int, struct epoll_event *, int, int, const sigset_t *);

static int real_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
  static _Atomic(epoll_fn) next;
  epoll_fn fn = atomic_load_explicit(&next, memory_order_relaxed);
  if (fn == NULL) {
    fn = (epoll_fn)dlsym(RTLD_NEXT, "epoll_pwait");
    atomic_store(&next, fn);
  }
  return fn(fd, events, max, timeout, mask);
}
#define intercepted epoll_pwait
#else
int __real_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask);
int __wrap_epoll_pwait(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask);
#define real_epoll_pwait __real_epoll_pwait
#define intercepted __wrap_epoll_pwait
#endif

/* Every epoll_pwait call of the program's C; only those of a turn are changed. */
int intercepted(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
  return real_epoll_pwait(fd, events, batch != 0 && max > batch ? batch : max, timeout, mask);
}

/* uv_run of a turn, whose polls are bounded. */
int cuv_run(uv_loop_t *loop, uv_run_mode mode, int descriptors) {
  batch = descriptors;
  int alive = uv_run(loop, mode);
  batch = 0;
  return alive;
}
#else
#include "cuv.h"

/* uv_run of a turn. */
int cuv_run(uv_loop_t *loop, uv_run_mode mode, int descriptors) {
  (void)descriptors;
  return uv_run(loop, mode);
}
#endif
