/* recv.c: TCP reads by recv.
 *
 * libuv reads a connection by read, which goes through the kernel's layer of files: a
 * detour that a short message feels. So the read that follows the lending of a buffer
 * to a TCP handle becomes a recv, as the writes become sends (stream.c).
 * A static libuv on Linux is reached by the linker's --wrap; a shared one reads.
 */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cuv.h"

#if defined(__linux__) && !defined(CUV_SHARED)
static __thread int expected; /* this thread's next read is a TCP handle's */

/* Tells that libuv is about to read a TCP handle on this thread. */
void cuv_recv_next(void) { expected = 1; }

ssize_t __real_read(int fd, void *p, size_t n);
ssize_t __wrap_read(int fd, void *p, size_t n);

/* Every read call of the program's C. One that was not meant, because libuv has not
 * used the buffer, does the same by recv, or is no socket's. */
ssize_t __wrap_read(int fd, void *p, size_t n) {
  if (!expected) return __real_read(fd, p, n);
  expected = 0;
  ssize_t r = recv(fd, p, n, 0);
  return r < 0 && errno == ENOTSOCK ? __real_read(fd, p, n) : r;
}
#else
void cuv_recv_next(void) {}
#endif
