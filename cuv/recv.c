/* recv.c: TCP reads by recv.
 *
 * libuv reads a connection by read, which passes the kernel's layer of files; for a short
 * message that costs some percent. So the read that follows the lending of a buffer
 * to a TCP handle becomes a recv, as the writes become sends (write.c). That is so with
 * uvgo's own libuv.a only (interpose.h).
 */
#include "cuv.h"

#if defined(__linux__) && defined(UVGO_CALLOUTS)
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "interpose.h"

static __thread int expected; /* this thread's next read is a TCP handle's */

/* Tells that libuv is about to read a TCP handle on this thread. */
void cuv_recv_next(void) { expected = 1; }

/* Every read call of libuv. One that was not meant, because libuv has not used the
 * buffer, does the same by recv, or is no socket's. */
ssize_t cuv_recv_read(int fd, void *p, size_t n) {
  if (!expected) return read(fd, p, n);
  expected = 0;
  ssize_t r = recv(fd, p, n, 0);
  return r < 0 && errno == ENOTSOCK ? read(fd, p, n) : r;
}
#else
void cuv_recv_next(void) {}
#endif
