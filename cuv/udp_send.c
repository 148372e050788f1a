/* udp_send.c: datagrams that leave. */
#include <string.h>

#include "addr.h"
#include "fd.h"
#include "udp.h"

/* A send request with the bytes that it owns behind it. */
typedef struct send_req {
  uv_udp_send_t req;
  uint32_t slot; /* the Go request, or CUV_NO_SLOT */
  uint32_t gen;
  char data[];
} send_req;

/* Reports that a queued datagram was sent, or why not. */
static void on_send(uv_udp_send_t *req, int status) {
  send_req *s = (send_req *)req;
  cuv_handle *h = cuv_of(req->handle);
  if (s->slot != CUV_NO_SLOT) cuv_push(cuv_loop_of(h), CUV_EV_UDP_SEND, s->slot, s->gen, status, NULL, cuv_queued(h));
  cuv_push_handle(h, CUV_EV_WRITTEN, s->slot == CUV_NO_SLOT ? status : 0, NULL, cuv_queued(h));
  cuv_free(s);
}

/* Reports the end of a send that never reached libuv's queue. */
static void sent(cuv_handle *h, const cuv_sqe *e, int status) {
  if (e->slot != CUV_NO_SLOT)
    cuv_push(cuv_loop_of(h), CUV_EV_UDP_SEND, e->slot, e->gen, status, NULL, cuv_queued(h));
  else if (status < 0)
    cuv_push_handle(h, CUV_EV_WRITTEN, status, NULL, cuv_queued(h));
}

/* The address to send to: NULL on a connected socket. */
static struct sockaddr *receiver(const cuv_addr *to, struct sockaddr_storage *ss) {
  if (to->family == 0) return NULL;
  cuv_addr_to(to, ss); /* Go has checked it; AF_UNSPEC is an error of libuv's */
  return (struct sockaddr *)ss;
}

/* uv_udp_send. Bytes that are not lent are copied, for their arena is reused. */
static int queue(cuv_handle *h, const uv_buf_t *bufs, unsigned n, const struct sockaddr *to, int lent, uint32_t slot, uint32_t gen) {
  size_t size = 0;
  if (!lent)
    for (unsigned i = 0; i < n; i++) size += bufs[i].len;
  send_req *s = cuv_malloc(sizeof *s + size);
  if (s == NULL) return UV_ENOMEM;
  s->slot = slot;
  s->gen = gen;
  uv_buf_t copy = {.base = s->data, .len = size};
  if (!lent) {
    char *p = s->data;
    for (unsigned i = 0; i < n; i++) {
      memcpy(p, bufs[i].base, bufs[i].len);
      p += bufs[i].len;
    }
    bufs = &copy;
    n = 1;
  }
  int r = uv_udp_send(&s->req, &h->uv.udp, bufs, n, to, on_send);
  if (r < 0) cuv_free(s);
  return r;
}

/* Up to CUV_UDP_BATCH datagrams as libuv takes them. */
typedef struct batch {
  unsigned n;
  uv_buf_t one[CUV_UDP_BATCH];
  uv_buf_t *bufs[CUV_UDP_BATCH];
  unsigned nbufs[CUV_UDP_BATCH];
  struct sockaddr *to[CUV_UDP_BATCH];
  struct sockaddr_storage ss[CUV_UDP_BATCH];
} batch;

/* Adds a datagram of len bytes, or of len buffers if it is a vector. */
static void add(batch *b, const cuv_datagram *d, size_t len, int vector) {
  unsigned i = b->n++;
  if (vector) {
    b->bufs[i] = d->data.vector;
    b->nbufs[i] = (unsigned)len;
  } else {
    b->one[i] = (uv_buf_t){.base = d->data.bytes, .len = len};
    b->bufs[i] = &b->one[i];
    b->nbufs[i] = 1;
  }
  b->to[i] = receiver(&d->addr, &b->ss[i]);
}

/* Offers a batch to the kernel, unless datagrams wait before it: how many it
 * took, or an error of the first. */
static int offer(cuv_handle *h, batch *b) {
  if (uv_udp_get_send_queue_count(&h->uv.udp) != 0) return UV_EAGAIN;
#if UV_VERSION_HEX >= 0x013200
  /* libuv 1.50 miscounts beyond CUV_UDP_BATCH, and does not bind by itself. */
  if (b->n > 1 && cuv_fd(h) >= 0)
    return uv_udp_try_send2(&h->uv.udp, b->n, b->bufs, b->nbufs, b->to, 0);
#endif
  unsigned i = 0;
  for (int r = 0; i < b->n; i++)
    if ((r = uv_udp_try_send(&h->uv.udp, b->bufs[i], b->nbufs[i], b->to[i])) < 0) return i > 0 ? (int)i : r;
  return (int)i;
}

/* Sends a chain of datagrams of one handle, in order, in as few system calls as it takes.
 * What the kernel does not take goes to libuv's queue. */
void cuv_udp_send_chain(cuv_loop *l, cuv_sqe *first) {
  cuv_sqe *sq = l->ring.sq;
  cuv_handle *h = first->h;
  uint32_t i = (uint32_t)(first - sq);
  while (i != CUV_NIL) {
    batch b;
    b.n = 0;
    for (uint32_t j = i; j != CUV_NIL && b.n < CUV_UDP_BATCH; j = sq[j].next)
      add(&b, (cuv_datagram *)(uintptr_t)sq[j].a, (size_t)sq[j].b, sq[j].flags & CUV_WRITE_VECTOR);
    int r = offer(h, &b);
    if (r == UV_EAGAIN) {
      for (unsigned k = 0; k < b.n; k++, i = sq[i].next) {
        int err = queue(h, b.bufs[k], b.nbufs[k], b.to[k], sq[i].flags & CUV_WRITE_LENT, sq[i].slot, sq[i].gen);
        if (err < 0) sent(h, &sq[i], err);
      }
      continue;
    }
    if (r < 0) { /* of the first one alone */
      sent(h, &sq[i], r);
      i = sq[i].next;
      continue;
    }
    for (; r > 0; r--, i = sq[i].next) sent(h, &sq[i], 0);
  }
}

/* uv_udp_try_send, in program order: the submissions go first. */
int cuv_udp_try_send(cuv_handle *h, const cuv_addr *to, const char *p, size_t n) {
  struct sockaddr_storage ss;
  cuv_flush(cuv_loop_of(h));
  uv_buf_t buf = {.base = (char *)p, .len = n};
  return uv_udp_try_send(&h->uv.udp, &buf, 1, receiver(to, &ss));
}

/* Sends bytes that are borrowed for this call. If the kernel does not take them, they
 * are copied to libuv's queue. */
int cuv_udp_send(cuv_handle *h, const cuv_addr *to, const char *p, size_t n) {
  struct sockaddr_storage ss;
  int r = cuv_udp_try_send(h, to, p, n);
  if (r != UV_EAGAIN) return r;
  uv_buf_t buf = {.base = (char *)p, .len = n};
  return queue(h, &buf, 1, receiver(to, &ss), 0, CUV_NO_SLOT, 0);
}

/* uv_udp_try_send2 of up to CUV_UDP_BATCH datagrams; the submissions have been
 * drained. */
int cuv_udp_try_send2(cuv_handle *h, const cuv_datagram *d, const size_t *len, unsigned n) {
#if UV_VERSION_HEX >= 0x013200
  batch b;
  b.n = 0;
  for (unsigned i = 0; i < n; i++) add(&b, &d[i], len[i], 0);
  return offer(h, &b);
#else
  (void)h;
  (void)d;
  (void)len;
  (void)n;
  return UV_ENOTSUP;
#endif
}
