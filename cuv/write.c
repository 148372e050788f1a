/* write.c: what streams write: chains of submissions, direct calls, and the end of
 * writing. */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "fd.h"
#include "write_req.h"

enum { iov_max = 64 /* buffers of one writev */ };

/* Notes that a write has failed. Without one of its own request the next Write has to tell. For want
 * of memory the next one would succeed, and the peer would not see that bytes before it are
 * missing: then no write goes out any more, whoever waits for it. */
static void note_failure(cuv_handle *h, uint32_t slot, int status) {
  if (status >= 0 || h->failed != 0) return;
  if (slot == CUV_NO_SLOT || status == UV_ENOMEM || status == UV_ENOBUFS) h->failed = (int16_t)status;
}

/* Reports the end of a queued write, of which the kernel has taken some bytes. A write that Go
 * has cancelled is no failure of the stream's. */
void cuv_stream_wrote(cuv_handle *h, uint32_t slot, uint32_t gen, int status, uint64_t taken, int cancelled) {
  h->writes--;
  note_failure(h, slot, status);
  if (slot != CUV_NO_SLOT) cuv_push(cuv_loop_of(h), CUV_EV_WRITE, slot, gen, status, NULL, taken);
  cuv_push_handle(h, CUV_EV_WRITTEN, cancelled ? 0 : status, NULL, cuv_queued(h));
}

/* A queued write has ended. */
static void on_write(uv_write_t *req, int status) {
  cuv_write_req *w = (cuv_write_req *)req;
  cuv_loop_of(cuv_of(req->handle))->ring.unsent -= w->size;
  int cancelled;
  uint64_t taken = cuv_write_ended(w, status, &cancelled);
  cuv_stream_wrote(cuv_of(req->handle), w->slot, w->gen, status, taken, cancelled);
  cuv_free(w);
}

/* Reports the end of a write that never reached libuv's queue, or of whose bytes the kernel has
 * taken some, and libuv none. */
static void written(cuv_handle *h, const cuv_sqe *e, int status, size_t taken) {
  int first = h->failed == 0;
  note_failure(h, e->slot, status); /* Go sees it at once, and writes no more */
  if (e->slot != CUV_NO_SLOT)
    cuv_push(cuv_loop_of(h), CUV_EV_WRITE, e->slot, e->gen, status, NULL, taken);
  else if (status < 0 && first)
    cuv_push_handle(h, CUV_EV_WRITTEN, status, NULL, cuv_queued(h));
}

/* Queues bufs, less their first skip bytes. Bytes that are not lent are copied,
 * for their arena is reused. */
static int queue_rest(cuv_handle *h, uv_buf_t *bufs, unsigned n, size_t skip, int lent, uint32_t slot, uint32_t gen) {
  size_t taken = skip;
  while (n > 1 && skip >= bufs->len) {
    skip -= bufs->len;
    bufs++;
    n--;
  }
  bufs->base += skip;
  bufs->len -= skip;
  size_t size = 0;
  for (unsigned i = 0; i < n; i++) size += bufs[i].len;
  cuv_write_req *w = cuv_malloc(sizeof *w + (lent ? 0 : size));
  if (w == NULL) return UV_ENOMEM;
  w->size = size;
  w->taken = taken;
  w->slot = slot;
  w->gen = gen;
  uv_buf_t copy;
  if (!lent) {
    char *p = w->data;
    for (unsigned i = 0; i < n; i++) {
      memcpy(p, bufs[i].base, bufs[i].len);
      p += bufs[i].len;
    }
    copy = uv_buf_init(w->data, (unsigned)size);
    copy.len = size;
    bufs = &copy;
    n = 1;
  }
  int r = uv_write(&w->req, &h->uv.stream, bufs, n, on_write);
  if (r < 0) {
    cuv_free(w);
  } else {
    h->writes++;
    cuv_loop_of(h)->ring.unsent += size;
    cuv_write_queued(cuv_loop_of(h), w);
  }
  return r;
}

/* The buffers of one submission: a vector, or one of our own. */
static unsigned buffers(const cuv_sqe *e, uv_buf_t *one, uv_buf_t **bufs) {
  if (e->flags & CUV_WRITE_VECTOR) {
    *bufs = (uv_buf_t *)(uintptr_t)e->a;
    return (unsigned)e->b;
  }
  one->base = (char *)(uintptr_t)e->a;
  one->len = (size_t)e->b;
  *bufs = one;
  return 1;
}

#ifdef __linux__
/* uv_try_write of one buffer to a TCP connection, by send instead of write: send does
 * not pass the kernel's layer of files, in which a short write spends some percent of
 * its time. */
static int try_send(cuv_handle *h, const uv_buf_t *buf) {
  uv_stream_t *s = &h->uv.stream;
  if (cuv_connects(h) || s->write_queue_size != 0) return UV_EAGAIN;
  int fd = cuv_fd(h);
  if (fd < 0) return fd;
  if (!uv_is_writable(s)) return UV_EPIPE;
  ssize_t n;
  do n = send(fd, buf->base, buf->len < INT_MAX ? buf->len : INT_MAX, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n >= 0) return (int)n;
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS ? UV_EAGAIN : -errno;
}
#endif

/* uv_try_write, unless libuv has yet to call an earlier write's callback: it may have
 * sent all of that write, and completions come in order. */
static int try_now(cuv_handle *h, const uv_buf_t *bufs, unsigned n) {
  if (h->writes != 0) return UV_EAGAIN;
#ifdef __linux__
  if (n == 1 && h->kind == UV_TCP) return try_send(h, bufs);
#endif
  return uv_try_write(&h->uv.stream, bufs, n);
}

/* Tries a vector that has a submission to itself; queues what is left. */
static void send_vector(cuv_handle *h, const cuv_sqe *e) {
  uv_buf_t one, *bufs;
  unsigned n = buffers(e, &one, &bufs);
  size_t total = 0;
  for (unsigned i = 0; i < n; i++) total += bufs[i].len;
  int r = try_now(h, bufs, n);
  if (r >= 0 && (size_t)r == total) {
    written(h, e, 0, total);
    return;
  }
  if (r < 0 && r != UV_EAGAIN) {
    written(h, e, r, 0);
    return;
  }
  size_t sent = r > 0 ? (size_t)r : 0;
  r = queue_rest(h, bufs, n, sent, e->flags & CUV_WRITE_LENT, e->slot, e->gen);
  if (r < 0) written(h, e, r, sent);
}

/* Sends a chain of writes to one stream: first by as few writev calls as it takes, then
 * what the kernel did not accept goes to libuv's queue, in order. */
void cuv_stream_send(cuv_loop *l, cuv_sqe *first) {
  cuv_sqe *sq = l->ring.sq;
  cuv_handle *h = first->h;
  uint32_t i = (uint32_t)(first - sq);
  while (i != CUV_NIL) {
    if (h->failed != 0) { /* bytes before these are lost */
      written(h, &sq[i], h->failed, 0);
      i = sq[i].next;
      continue;
    }
    if (sq[i].flags & CUV_WRITE_VECTOR) {
      send_vector(h, &sq[i]);
      i = sq[i].next;
      continue;
    }
    /* Gather: neighbours in an arena join into one buffer. */
    uv_buf_t bufs[iov_max];
    unsigned n = 0;
    size_t total = 0;
    uint32_t end = i;
    for (; end != CUV_NIL && !(sq[end].flags & CUV_WRITE_VECTOR); end = sq[end].next) {
      char *p = (char *)(uintptr_t)sq[end].a;
      size_t len = (size_t)sq[end].b;
      if (n > 0 && bufs[n - 1].base + bufs[n - 1].len == p) {
        bufs[n - 1].len += len;
      } else {
        if (n == iov_max) break;
        bufs[n++] = (uv_buf_t){.base = p, .len = len};
      }
      total += len;
    }
    int r = try_now(h, bufs, n);
    if (r < 0 && r != UV_EAGAIN) {
      for (; i != end; i = sq[i].next) written(h, &sq[i], r, 0);
      continue;
    }
    size_t sent = r > 0 ? (size_t)r : 0;
    if (r >= 0 && sent == total) {
      for (; i != end; i = sq[i].next)
        if (sq[i].slot != CUV_NO_SLOT) written(h, &sq[i], 0, sq[i].b);
      continue;
    }
    /* Blocked. Whole submissions that went out are done; the rest queue up,
     * those without a request of their own joined into one copy. */
    while (i != end && r >= 0 && sent >= sq[i].b) {
      sent -= sq[i].b;
      written(h, &sq[i], 0, sq[i].b);
      i = sq[i].next;
    }
    while (i != end) {
      uv_buf_t rest[iov_max];
      unsigned k = 0;
      uint32_t stop = i;
      int plain = sq[i].slot == CUV_NO_SLOT && !(sq[i].flags & CUV_WRITE_LENT);
      do {
        rest[k++] = (uv_buf_t){.base = (char *)(uintptr_t)sq[stop].a, .len = (size_t)sq[stop].b};
        stop = sq[stop].next;
      } while (plain && k < iov_max && stop != end && sq[stop].slot == CUV_NO_SLOT && !(sq[stop].flags & CUV_WRITE_LENT));
      int err = h->failed;
      if (err == 0) err = queue_rest(h, rest, k, sent, sq[i].flags & CUV_WRITE_LENT, sq[i].slot, sq[i].gen);
      if (err < 0)
        for (uint32_t j = i; j != stop; j = sq[j].next) written(h, &sq[j], err, j == i ? sent : 0);
      sent = 0;
      i = stop;
    }
  }
}

/* uv_try_write, in program order: the submissions go first. */
int64_t cuv_stream_try_write(cuv_handle *h, const char *p, size_t n) {
  cuv_flush(cuv_loop_of(h));
  uv_buf_t buf = {.base = (char *)p, .len = n};
  return uv_try_write(&h->uv.stream, &buf, 1);
}

/* Writes bytes that are borrowed for this call: what the kernel does not take
 * is copied to libuv's queue. */
int64_t cuv_stream_write(cuv_handle *h, const char *p, size_t n) {
  cuv_flush(cuv_loop_of(h));
  uv_buf_t buf = {.base = (char *)p, .len = n};
  int64_t r = uv_try_write(&h->uv.stream, &buf, 1);
  if (r == (int64_t)n) return r;
  if (r < 0 && r != UV_EAGAIN) return r;
  int err = queue_rest(h, &buf, 1, r > 0 ? (size_t)r : 0, 0, CUV_NO_SLOT, 0);
  if (err < 0 && r > 0) h->failed = (int16_t)err; /* the peer has half of it */
  return err < 0 ? err : (int64_t)n;
}

/* A shutdown request. */
typedef struct shutdown_req {
  uv_shutdown_t req;
  uint32_t slot;
  uint32_t gen;
} shutdown_req;

static void on_shutdown(uv_shutdown_t *req, int status) {
  shutdown_req *s = (shutdown_req *)req;
  cuv_push(cuv_loop_of(cuv_of(req->handle)), CUV_EV_SHUTDOWN, s->slot, s->gen, status, NULL, 0);
  cuv_free(s);
}

/* uv_shutdown; a failure is reported like a completion. */
void cuv_stream_shutdown(cuv_loop *l, cuv_sqe *e) {
  shutdown_req *s = cuv_malloc(sizeof *s);
  int r = UV_ENOMEM;
  if (s != NULL) {
    s->slot = e->slot;
    s->gen = e->gen;
    /* While connecting libuv forgets a shutdown that has no write before it. */
    uv_buf_t none = uv_buf_init((char *)"", 0);
    r = cuv_connects(e->h) ? queue_rest(e->h, &none, 1, 0, 0, CUV_NO_SLOT, 0) : 0;
    if (r == 0) r = uv_shutdown(&s->req, &e->h->uv.stream, on_shutdown);
  }
  if (r < 0) {
    cuv_free(s);
    cuv_push(l, CUV_EV_SHUTDOWN, e->slot, e->gen, r, NULL, 0);
  }
}
