/* pipe.c: uv_pipe_t. */
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "connect.h"
#include "stream.h"

/* Whether the loop can poll a descriptor. libuv aborts the process when it starts to poll
 * a device that does not support it, such as /dev/null; uv_poll_init of another handle,
 * probe, finds that out without harm. */
static int pollable(cuv_handle *h, int fd) {
  struct stat st;
  if (fstat(fd, &st) != 0 || !S_ISCHR(st.st_mode)) return 0; /* Go has looked at the others */
  cuv_handle *probe = cuv_handle_alloc(UV_POLL);
  if (probe == NULL) return UV_ENOMEM;
  int r = uv_poll_init(h->uv.handle.loop, &probe->uv.poll, fd);
  if (r < 0)
    cuv_handle_free(probe);
  else
    cuv_handle_close(probe); /* no Go object owns it: its close frees it */
  return r;
}

/* uv_pipe_open; the handle owns fd afterwards. What it can do: 1 read, 2 write. */
int cuv_pipe_open(cuv_handle *h, int fd) {
  cuv_flush(cuv_loop_of(h));
  int r = pollable(h, fd);
  if (r == 0) r = uv_pipe_open(&h->uv.pipe, fd);
  return r < 0 ? r : uv_is_readable(&h->uv.stream) | uv_is_writable(&h->uv.stream) << 1;
}

/* Whether a name is a path that uv_pipe_bind and uv_pipe_connect take as it is:
 * they stop at a NUL byte and cut off what is too long. */
static int plain(const char *name, size_t n) {
  return n < sizeof((struct sockaddr_un *)0)->sun_path && memchr(name, 0, n) == NULL;
}

/* uv_pipe_bind for paths; uv_pipe_bind2 for abstract names, and to refuse others. */
int cuv_pipe_bind(cuv_handle *h, const char *name, size_t n) {
  cuv_flush(cuv_loop_of(h));
  cuv_stdio_socket(h);
  if (plain(name, n)) return uv_pipe_bind(&h->uv.pipe, name);
  return uv_pipe_bind2(&h->uv.pipe, name, n, UV_PIPE_NO_TRUNCATE);
}

/* uv_pipe_connect for paths, whose errors come with the completion;
 * uv_pipe_connect2 for abstract names, and to refuse others. */
int cuv_pipe_connect(cuv_handle *h, const char *name, size_t n, uint32_t slot, uint32_t gen) {
  cuv_flush(cuv_loop_of(h));
  /* libuv checks neither: it would lose the first request, or abort. */
  if (cuv_connects(h)) return UV_EALREADY;
  if (cuv_listens(h)) return UV_EINVAL;
  cuv_connect_req *c = cuv_connect_new(slot, gen);
  if (c == NULL) return UV_ENOMEM;
  cuv_stdio_socket(h);
  if (plain(name, n)) {
    uv_pipe_connect(&c->req, &h->uv.pipe, name, cuv_on_connect);
    return 0;
  }
  int r = uv_pipe_connect2(&c->req, &h->uv.pipe, name, n, UV_PIPE_NO_TRUNCATE, cuv_on_connect);
  if (r < 0) cuv_free(c);
  return r;
}

/* uv_pipe_getsockname or uv_pipe_getpeername; n is the room, then the length. */
int cuv_pipe_sockname(cuv_handle *h, int peer, char *buf, size_t *n) {
  cuv_flush(cuv_loop_of(h));
  return peer ? uv_pipe_getpeername(&h->uv.pipe, buf, n) : uv_pipe_getsockname(&h->uv.pipe, buf, n);
}

/* uv_pipe_chmod. */
int cuv_pipe_chmod(cuv_handle *h, int flags) { return uv_pipe_chmod(&h->uv.pipe, flags); }

/* uv_pipe: fds[0] reads, fds[1] writes; bit i of nonblock is the mode of fds[i]. */
int cuv_pipe_pair(int nonblock, int *fds) {
  cuv_stdio_fill();
  return uv_pipe(fds, nonblock & 1 ? UV_NONBLOCK_PIPE : 0, nonblock & 2 ? UV_NONBLOCK_PIPE : 0);
}
