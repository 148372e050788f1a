/* stdio.c: keeps libuv off the numbers of standard input, output and error.
 *
 * libuv takes a descriptor below 3 for one of the process's own: uv__close aborts at
 * it, and a stream that has one never closes it. In a process that has closed a
 * standard descriptor the system hands these numbers out again. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "fd.h"

/* Call before libuv makes a descriptor that it keeps. Numbers below 3 that are free
 * become /dev/null, as Go's runtime does when a program starts, and stay so: to free
 * them again could close what another thread has put there. */
void cuv_stdio_fill(void) {
  for (int fd = 0; fd < 3; fd++) {
    if (fcntl(fd, F_GETFD) != -1 || errno != EBADF) continue;
    int own = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (own > 2) close(own); /* somebody else has just taken the number */
  }
}

/* cuv_stdio_fill before a call that makes a socket for a handle that has none. */
void cuv_stdio_socket(const cuv_handle *h) {
  if (cuv_fd(h) < 0) cuv_stdio_fill();
}

/* A duplicate with a number above 2, or -1. */
int cuv_stdio_above(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 3); }

/* Moves a descriptor that was made otherwise to a number above 2. Without a free one
 * it is closed: -1, and errno says why. */
int cuv_stdio_lift(int fd) {
  if (fd < 0 || fd > 2) return fd;
  int up = cuv_stdio_above(fd);
  int err = errno;
  close(fd);
  errno = err;
  return up;
}
