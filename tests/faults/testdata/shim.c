/* shim.c: makes the C library fail on purpose. A test compiles it and starts its own program
 * again with LD_PRELOAD; so Go's system calls, which do not pass the C library, stay whole.
 * Go's clock is stepped with C's, see vdso.c.
 *
 * SHIM_PAGE names a file of 4 KiB that both map. The program writes what is to fail:
 *
 *   0  every   each every-th call is interrupted or short; 0: none
 *   8  step    what is added to the wall clock, in ns
 * and reads what has failed:
 *  16  calls   calls that came here
 *  24  eintr   how many returned EINTR
 *  32  brief   how many were given less to transfer than was asked for
 *  40  clocks  how often the stepped clock was read
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct page {
  volatile uint64_t every;
  volatile int64_t step;
  uint64_t calls, eintr, brief, clocks;
} none, *page = &none;

static int stepped(clockid_t id, struct timespec *t);
int vdso_patch(int (*to)(clockid_t, struct timespec *));

__attribute__((constructor)) static void begin(void) {
  const char *name = getenv("SHIM_PAGE");
  int fd = name == NULL ? -1 : open(name, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (p != MAP_FAILED) page = p;
  close(fd);
  vdso_patch(stepped);
}

#define NEXT(name) static __typeof__(name) *next; if (next == NULL) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)
#define COUNT(field) __atomic_add_fetch(&page->field, 1, __ATOMIC_RELAXED)

enum fault { whole, interrupted, brief };

/* What becomes of this call: faults alternate between the two. */
static enum fault choose(void) {
  uint64_t every = page->every;
  uint64_t n = COUNT(calls);
  if (every == 0 || n % every != 0) return whole;
  return n / every % 2 ? interrupted : brief;
}

static int eintr(void) {
  COUNT(eintr);
  errno = EINTR;
  return -1;
}

/* A part of n bytes. The 8 of an eventfd and the 16 of libuv's signal pipe are never parted. */
static size_t part(size_t n) {
  if (n <= 16) return n;
  COUNT(brief);
  return n / 3 + 1;
}

#define TRANSFER(result, name, params, args, n)  \
  result name params {                           \
    NEXT(name);                                  \
    switch (choose()) {                          \
    case interrupted: return eintr();            \
    case brief: n = part(n); break;              \
    case whole: break;                           \
    }                                            \
    return next args;                            \
  }

TRANSFER(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), n)
TRANSFER(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), n)
TRANSFER(ssize_t, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags), n)
TRANSFER(ssize_t, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags), n)
TRANSFER(ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), n)
TRANSFER(ssize_t, pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at), n)
TRANSFER(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), n)
TRANSFER(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at), n)
TRANSFER(ssize_t, sendfile, (int to, int from, off_t *at, size_t n), (to, from, at, n), n)
TRANSFER(ssize_t, sendfile64, (int to, int from, off64_t *at, size_t n), (to, from, at, n), n)
TRANSFER(ssize_t, copy_file_range, (int from, off64_t *at, int to, off64_t *put, size_t n, unsigned flags), (from, at, to, put, n, flags), n)

/* Of vectors a short transfer does the first buffer, and half of it. */
#define VECTOR(name, params, rest)                          \
  ssize_t name params {                                     \
    NEXT(name);                                             \
    struct iovec one;                                       \
    switch (choose()) {                                     \
    case interrupted: return eintr();                       \
    case brief:                                             \
      if (n == 0) break;                                    \
      one = v[0];                                           \
      one.iov_len = part(one.iov_len);                      \
      v = &one, n = 1;                                      \
      break;                                                \
    case whole: break;                                      \
    }                                                       \
    return next rest;                                       \
  }

VECTOR(readv, (int fd, const struct iovec *v, int n), (fd, v, n))
VECTOR(writev, (int fd, const struct iovec *v, int n), (fd, v, n))
VECTOR(preadv, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
VECTOR(pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
VECTOR(preadv64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
VECTOR(pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))

/* Those that can be interrupted, but have no part: a datagram, a connection, a wait. */
#define WHOLE(result, name, params, args)                        \
  result name params {                                           \
    NEXT(name);                                                  \
    return choose() == interrupted ? (result)eintr() : next args; \
  }

WHOLE(ssize_t, recvmsg, (int fd, struct msghdr *m, int flags), (fd, m, flags))
WHOLE(ssize_t, sendmsg, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
WHOLE(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned n, int flags, struct timespec *wait), (fd, m, n, flags, wait))
WHOLE(int, accept, (int fd, struct sockaddr *a, socklen_t *n), (fd, a, n))
WHOLE(int, accept4, (int fd, struct sockaddr *a, socklen_t *n, int flags), (fd, a, n, flags))
WHOLE(int, epoll_wait, (int fd, struct epoll_event *e, int n, int ms), (fd, e, n, ms))
WHOLE(int, epoll_pwait, (int fd, struct epoll_event *e, int n, int ms, const sigset_t *mask), (fd, e, n, ms, mask))

/* The kernel may take some of several datagrams. */
int sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags) {
  NEXT(sendmmsg);
  switch (choose()) {
  case interrupted: return eintr();
  case brief: n = n > 1 ? COUNT(brief), n / 2 : n; break;
  case whole: break;
  }
  return next(fd, m, n, flags);
}

/* The wall clock: stepped. The others go on as they are. Go calls it on a stack of its own. */
static int stepped(clockid_t id, struct timespec *t) {
  int r = (int)syscall(SYS_clock_gettime, id, t);
  if (r != 0 || page->step == 0 || (id != CLOCK_REALTIME && id != CLOCK_REALTIME_COARSE)) return r;
  COUNT(clocks);
  int64_t ns = t->tv_sec * 1000000000ll + t->tv_nsec + page->step;
  t->tv_sec = ns / 1000000000;
  t->tv_nsec = ns % 1000000000;
  return 0;
}

int clock_gettime(clockid_t id, struct timespec *t) { return stepped(id, t); }

int gettimeofday(struct timeval *t, void *zone) {
  struct timespec ts;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &ts);
  t->tv_sec = ts.tv_sec;
  t->tv_usec = ts.tv_nsec / 1000;
  return 0;
}
