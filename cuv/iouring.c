/* iouring.c: keeps libuv from changing its epoll set through an io_uring.
 *
 * Since 1.45 a loop hands its epoll_ctl calls to a ring and waits until they are
 * done. But a signal ends that wait, and Go preempts its threads by signals; the
 * kernel makes a change later if another thread polls the set, which Go's
 * netpoller does. Until a late change is made the set is as it was:
 *
 *   - the poll reports descriptors that are not watched any more, and misses others that
 *     are. A goroutine that parks then sleeps for good: the late change raises no edge,
 *     for the descriptor is listed as ready already;
 *   - libuv learns of an addition that has to become a modification (EEXIST) at
 *     the next change only, and spins or sleeps until then;
 *   - if the descriptor has been closed meanwhile the change fails, which libuv
 *     takes for a broken kernel: it aborts.
 *
 * So io_uring_setup fails while a loop is made, as under a kernel without it, and
 * libuv calls epoll_ctl. libuv's calls come here as interpose.h says. */
#define _GNU_SOURCE
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

#include "cuv.h"

#ifdef __linux__
#include <sys/syscall.h>

#include "interpose.h"

CUV_USES_NEXT(syscall);

static __thread int refusing; /* this thread makes a loop */

/* What libuv calls in place of syscall: the same, but for a new loop's ring. */
long cuv_iouring_refuse(long nr, long a, long b, long c, long d, long e, long f) {
#ifdef SYS_io_uring_setup
  if (refusing && nr == SYS_io_uring_setup) {
    errno = ENOSYS;
    return -1;
  }
#endif
  return CUV_NEXT(syscall)(nr, a, b, c, d, e, f);
}
#endif

/* Begins and ends the making of a loop. */
static void refuse(int on) {
#ifdef __linux__
  refusing += on ? 1 : -1;
#else
  (void)on;
#endif
}

/* uv_loop_init, without a ring. */
int cuv_uv_loop_init(uv_loop_t *loop) {
  cuv_stdio_fill();
  refuse(1);
  int err = uv_loop_init(loop);
  refuse(0);
#if defined(__linux__) && UV_VERSION_HEX <= 0x013200
  if (err < 0 && loop->backend_fd > 2) { /* libuv leaves it open; later versions have not been looked at */
    close(loop->backend_fd);
    loop->backend_fd = -1;
  }
#endif
  return err;
}

/* Whether libuv can make a loop now. uv_loop_new and uv_default_loop keep the loop that failed to themselves, and with it
 * the descriptor that libuv leaves open: cuv_uv_loop_init closes it. It also tells why. */
static int can_make(void) {
  uv_loop_t loop;
  int err = cuv_uv_loop_init(&loop);
  return err < 0 ? err : uv_loop_close(&loop);
}

/* uv_loop_new, without a ring. */
int cuv_uv_loop_new(uv_loop_t **out) {
  int err = can_make();
  if (err < 0) return err;
  refuse(1);
  *out = uv_loop_new();
  refuse(0);
  return *out == NULL ? UV_ENOMEM : 0;
}

/* uv_default_loop, without a ring if this call makes it. One that exists needs no descriptors. */
int cuv_uv_default_loop(uv_loop_t **out, int exists) {
  int err = exists ? 0 : can_make();
  if (err < 0) return err;
  refuse(1);
  *out = uv_default_loop();
  refuse(0);
  return *out == NULL ? UV_ENOMEM : 0;
}
