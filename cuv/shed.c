/* shed.c: what listeners do when the process is out of descriptors.
 *
 * A listener that cannot accept stays readable, and the loop would spin. libuv
 * keeps a descriptor in reserve, emfile_fd: it closes it, accepts and closes all
 * that wait, and takes it again; nobody hears of it. So the reserve is taken over
 * here. libuv gets in its place a number that no descriptor can have: its close
 * fails, its accept too, and it leaves -1, or what it could open then, in emfile_fd.
 * That is how the end of the turn sees, at the price of a comparison, that accepting
 * failed, and sheds the load itself, counted. The last connection stays open, in the
 * reserve's place, until Go has been told: who sees his closed finds it counted.
 */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cuv.h"

enum {
  no_descriptor = INT_MAX, /* more than the kernel ever gives */
  shed_most = 64           /* connections of one listener in one turn */
};

/* Opens a descriptor to have in reserve, or -1. */
static int reserve(void) {
  int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd >= 0 ? fd : open("/", O_RDONLY | O_CLOEXEC);
}

/* Takes libuv's reserve over, for a loop that has a listener. */
void cuv_shed_init(cuv_loop *l) {
  if (l->sheds) return;
  l->sheds = 1;
  l->reserve = l->uv.emfile_fd;
  l->uv.emfile_fd = no_descriptor;
}

/* Closes the reserve of a loop that is closed. */
void cuv_shed_free(cuv_loop *l) {
  if (l->sheds && l->reserve != -1) close(l->reserve);
}

/* Gives the descriptor in reserve away, or the connection in its place. */
static void release(cuv_loop *l) {
  if (l->reserve != -1) close(l->reserve);
  l->reserve = -1;
}

/* Accepts a connection of a listener, which does not block. */
static int take(int listener) {
#ifdef SOCK_CLOEXEC
  return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
#else
  return accept(listener, NULL, NULL);
#endif
}

/* Accepts what waits for one listener, and closes all but the last. */
static void shed(uv_handle_t *uv, void *arg) {
  cuv_loop *l = arg;
  if ((uv->type != UV_TCP && uv->type != UV_NAMED_PIPE) || uv_is_closing(uv)) return;
  cuv_handle *h = cuv_of(uv);
  if (h->uv.stream.connection_cb == NULL) return;
  struct pollfd p = {.fd = h->uv.stream.io_watcher.fd, .events = POLLIN};
  uint64_t n = 0;
  while (n < shed_most && poll(&p, 1, 0) == 1) {
    release(l);
    int fd = take(p.fd);
    if (fd < 0 && errno != EINTR) break;
    if (fd < 0) continue;
    l->reserve = fd;
    n++;
  }
  if (n > 0) cuv_push_handle(h, CUV_EV_ACCEPT, UV_EMFILE, NULL, n);
}

/* Sheds load if a listener could not accept in this turn. */
void cuv_shed(cuv_loop *l) {
  if (!l->sheds || l->uv.emfile_fd == no_descriptor) return;
  if (l->uv.emfile_fd != -1) close(l->uv.emfile_fd);
  l->uv.emfile_fd = no_descriptor;
  uv_walk(&l->uv, shed, l);
  l->shed = 1;
}

/* Closes the last connection of a turn that has shed load, before the next. */
void cuv_shed_end(cuv_loop *l) {
  l->shed = 0;
  release(l);
  l->reserve = reserve(); /* -1 if another thread was quicker: then the loop backs off */
}
