/* emfile.c: what listeners do when the process is out of descriptors (EMFILE).
 *
 * A listener that cannot accept stays readable, and the loop would spin. libuv
 * keeps a descriptor in reserve: it closes it, accepts and closes all
 * connections that wait, and opens the reserve again; nobody is told. So cuv takes the
 * reserve over. libuv gets in its place a number that no descriptor can have: its
 * close fails, its accept too, and it leaves -1, or what it could open then, in
 * its reserve's place. So the end of a turn sees by one comparison that accepting has failed.
 * It then drops the connections itself, and reports how many. The last one stays open
 * until the next turn, when Go has been told: a client that sees its connection
 * closed finds it counted.
 */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fd.h"

enum {
  no_descriptor = INT_MAX, /* more than the kernel ever gives */
  drop_max = 64            /* connections of one listener in one turn */
};

/* Opens a descriptor to have in reserve, or -1. */
static int open_reserve(void) {
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? fd : open("/", O_RDONLY | O_CLOEXEC);
}

/* Takes libuv's reserve over, for a loop that has a listener. */
void cuv_emfile_init(cuv_loop *l) {
  if (l->emfile_ours) return;
  l->emfile_ours = 1;
  l->reserve = *cuv_fd_reserve(l);
  *cuv_fd_reserve(l) = no_descriptor;
}

/* Closes a descriptor of the loop's, if there is one. */
static void close_own(int *fd) {
  if (*fd != -1) close(*fd);
  *fd = -1;
}

/* Closes what a loop that is closed has left. */
void cuv_emfile_free(cuv_loop *l) {
  close_own(&l->reserve);
  close_own(&l->dropped);
}

/* Accepts a connection of a listener, which does not block. */
static int accept_one(int listener) {
#ifdef SOCK_CLOEXEC
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
#else
  return accept(listener, NULL, NULL);
#endif
}

/* Accepts what waits for one listener, and closes all but the last. */
static void drop(uv_handle_t *uv, void *arg) {
  cuv_loop *l = arg;
  if ((uv->type != UV_TCP && uv->type != UV_NAMED_PIPE) || uv_is_closing(uv)) return;
  cuv_handle *h = cuv_of(uv);
  if (!cuv_listens(h)) return;
  struct pollfd p = {.fd = cuv_fd(h), .events = POLLIN};
  uint64_t n = 0;
  while (n < drop_max && poll(&p, 1, 0) == 1) {
    close_own(&l->reserve); /* whose number the connection gets */
    close_own(&l->dropped);
    int fd = accept_one(p.fd);
    if (fd < 0 && errno != EINTR) break;
    if (fd < 0) continue;
    l->dropped = fd;
    n++;
  }
  if (n > 0) cuv_push_handle(h, CUV_EV_ACCEPT, UV_EMFILE, NULL, n);
}

/* Drops connections if a listener could not accept in this turn. */
void cuv_emfile_drop(cuv_loop *l) {
  if (!l->emfile_ours || *cuv_fd_reserve(l) == no_descriptor) return;
  if (*cuv_fd_reserve(l) != -1) close(*cuv_fd_reserve(l));
  *cuv_fd_reserve(l) = no_descriptor;
  uv_walk(&l->uv, drop, l);
  l->has_dropped = 1;
}

/* Closes the last connection of a turn that has dropped some, before the next turn. */
void cuv_emfile_end(cuv_loop *l) {
  l->has_dropped = 0;
  close_own(&l->dropped);
  close_own(&l->reserve);
  l->reserve = open_reserve(); /* -1 if another thread was quicker: then the loop backs off */
}
