/* epoll.c: how many descriptors one turn takes from the kernel, and how it waits
 * for them.
 *
 * libuv asks for up to 1,024 ready descriptors a poll and, being level-triggered,
 * serves every one of them before Go sees the first. With hundreds of busy
 * connections a turn then goes through all of their memory twice, once to read
 * and once to answer, and the processor's cache holds neither them nor the
 * kernel's side of them that long. So a turn's poll asks for fewer (turn.c says
 * how many). What a poll leaves stays at the head of the kernel's queue, and what it
 * takes goes to the end, so that no descriptor is passed over.
 *
 * To put a thread to sleep and to wake it takes longer than a peer on the same
 * machine takes to answer. So a poll that may wait looks for events again and again
 * first, for as long as Go says (uv/busypoll.go), which is told how long it took.
 *
 * On other systems than Linux libuv polls as it likes.
 *
 * libuv's calls come here as interpose.h says.
 */
#ifdef __linux__
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/epoll.h>

#include "cuv.h"
#include "interpose.h"

CUV_USES_NEXT(epoll_pwait);

static __thread cuv_loop *turning; /* the loop whose turn this thread makes, or NULL */

/* Every epoll_pwait call of libuv. Only those of a turn are changed. */
int cuv_epoll_poll(int fd, struct epoll_event *events, int max, int timeout, const sigset_t *mask) {
  cuv_loop *l = turning;
  if (l == NULL) return CUV_NEXT(epoll_pwait)(fd, events, max, timeout, mask);
  if (max > (int)l->batch) max = (int)l->batch;
  if (timeout == 0) { /* a signal must not look like "nothing is ready": a loop that parks on Go would miss what is */
    int ready;
    do ready = CUV_NEXT(epoll_pwait)(fd, events, max, 0, mask);
    while (ready < 0 && errno == EINTR);
    return ready;
  }
  cuv_ring *r = &l->ring;
  uint64_t start = uv_hrtime();
  int n = 0;
  if (r->busy_poll != 0) {
    do n = CUV_NEXT(epoll_pwait)(fd, events, max, 0, mask);
    while (n == 0 && uv_hrtime() - start < r->busy_poll);
  }
  if (n == 0) n = CUV_NEXT(epoll_pwait)(fd, events, max, timeout, mask);
  int err = errno;
  r->waited += uv_hrtime() - start;
  errno = err;
  return n;
}

/* uv_run of a turn, whose polls are bounded. */
int cuv_run(cuv_loop *l, uv_run_mode mode) {
  turning = l;
  int alive = uv_run(&l->uv, mode);
  turning = NULL;
  return alive;
}
#else
#include "cuv.h"

/* uv_run of a turn. */
int cuv_run(cuv_loop *l, uv_run_mode mode) { return uv_run(&l->uv, mode); }
#endif
