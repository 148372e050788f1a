/* ipc.c: descriptors that travel over pipes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "stream.h"

/* Receives the oldest descriptor of libuv's queue; -1 if it is lost. libuv does not
 * close the numbers of standard input and output, so a descriptor that got one of them
 * moves. */
static int receive(cuv_handle *h) {
  uv_pipe_t c;
  cuv_fd_wrap(&c, h->uv.handle.loop, -1);
  if (uv_accept(&h->uv.stream, (uv_stream_t *)&c) < 0) return -1;
  return cuv_stdio_lift(cuv_uv_fd((uv_handle_t *)&c));
}

/* Lends memory for one chunk a turn: descriptors belong to their chunk. */
static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf) {
  cuv_handle *h = cuv_of(uv);
  if (h->read.turn == cuv_loop_of(h)->turn && h->chunks > 0)
    *buf = uv_buf_init(NULL, 0);
  else
    cuv_stream_alloc(uv, suggested, buf);
}

/* Reports the descriptors of a chunk, then the chunk. They leave libuv's queue
 * at once: accepting one later would watch a stream that nobody reads. */
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  cuv_handle *h = cuv_of(s);
  while (uv_pipe_pending_count(&h->uv.pipe) > 0) {
    uv_handle_type kind = uv_pipe_pending_type(&h->uv.pipe);
    int fd = receive(h);
    if (fd >= 0) cuv_push_handle(h, CUV_EV_PASSED, fd, NULL, (uint64_t)kind);
  }
  /* A read ends behind a descriptor, which libuv takes for the last of the data
   * when the peer has hung up. Read on: the real end comes with a buffer. */
  if (n == UV_EOF && buf->base == NULL && uv_read_start(s, on_alloc, on_read) == 0) return;
  cuv_stream_on_read(s, n, buf);
}

/* uv_read_start of a pipe that passes descriptors. */
int cuv_ipc_read_start(cuv_handle *h) {
  h->uv.pipe.ipc = 1;
  return uv_read_start(&h->uv.stream, on_alloc, on_read);
}

/* A queued write with the descriptor and the bytes that it owns. */
typedef struct ipc_req {
  uv_write_t req;
  uint32_t slot;
  uint32_t gen;
  int own; /* the descriptor, or -1 */
  uv_pipe_t wrapper;
  char data[];
} ipc_req;

static void on_write(uv_write_t *req, int status) {
  ipc_req *w = (ipc_req *)req;
  if (w->own >= 0) close(w->own);
  cuv_stream_wrote(cuv_of(req->handle), w->slot, w->gen, status, 0, 0);
  cuv_free(w);
}

/* Queues bytes, with a duplicate of fd unless it is -1: the handle that it is
 * from may be closed before its turn comes. */
static int queue(cuv_handle *h, int fd, const char *p, size_t n, uint32_t slot, uint32_t gen) {
  ipc_req *w = cuv_malloc(sizeof *w + n);
  if (w == NULL) return UV_ENOMEM;
  w->slot = slot;
  w->gen = gen;
  memcpy(w->data, p, n);
  int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
  int r = fd >= 0 && own < 0 ? uv_translate_sys_error(errno) : 0;
  if (r == 0) {
    w->own = own;
    cuv_fd_wrap(&w->wrapper, h->uv.handle.loop, own);
    uv_buf_t buf = {.base = w->data, .len = n};
    r = uv_write2(&w->req, &h->uv.stream, &buf, 1, own < 0 ? NULL : (uv_stream_t *)&w->wrapper, on_write);
  }
  if (r == 0) {
    h->writes++;
    return 0;
  }
  if (own >= 0) close(own);
  cuv_free(w);
  return r;
}

/* Begins a write: program order first. Returns the descriptor to send, fd or
 * that of a handle, or an error. */
static int begin(cuv_handle *h, cuv_handle *sent, int fd) {
  cuv_flush(cuv_loop_of(h));
  h->uv.pipe.ipc = 1;
  return sent == NULL ? fd : cuv_fd(sent);
}

/* uv_try_write2, unless an earlier write's callback is due yet. */
static int try_now(cuv_handle *h, int fd, const char *p, size_t n) {
  if (h->writes != 0) return UV_EAGAIN;
  uv_pipe_t c;
  cuv_fd_wrap(&c, h->uv.handle.loop, fd);
  uv_buf_t buf = {.base = (char *)p, .len = n};
  return uv_try_write2(&h->uv.stream, &buf, 1, (uv_stream_t *)&c);
}

/* uv_try_write2 of fd, or of the descriptor of a handle: bytes written. */
int cuv_ipc_try_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n) {
  fd = begin(h, sent, fd);
  return fd < 0 ? fd : try_now(h, fd, p, n);
}

/* uv_write2 for the request in slot; bytes and descriptor are borrowed for this
 * call. After a 0 the outcome is an event. */
int cuv_ipc_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n, uint32_t slot, uint32_t gen) {
  fd = begin(h, sent, fd);
  if (fd < 0) return fd;
  int r = try_now(h, fd, p, n);
  if (r == UV_EAGAIN) return queue(h, fd, p, n, slot, gen);
  if (r < 0 || (size_t)r == n) {
    cuv_push(cuv_loop_of(h), CUV_EV_WRITE, slot, gen, r < 0 ? r : 0, NULL, r < 0 ? 0 : n);
    return 0;
  }
  r = queue(h, -1, p + r, n - (size_t)r, slot, gen); /* the descriptor went with the first byte */
  if (r < 0) h->failed = (int16_t)r; /* the peer has half of it */
  return r;
}
