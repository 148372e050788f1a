/* udp.c: uv_udp_t, and datagrams that arrive. udp_send.c has those that leave. */
#include <errno.h>
#include <string.h>
#include <time.h>
#ifdef __linux__
#include <linux/errqueue.h>
#endif

#include "addr.h"
#include "fd.h"
#include "udp.h"

/* Received datagrams lie in the read arena behind their cuv_datagram:
 *
 *   | cuv_datagram | bytes … |                        one recvmsg
 *   | 20 cuv_datagram | bytes … | bytes … | bytes … | one recvmmsg
 *
 * libuv divides the memory for recvmmsg into pieces of 64 KiB. Small datagrams are moved
 * together, so that the arena holds more of them. */
enum { pack_max = 4096 /* a longer datagram stays where it is */ };

/* Bytes of n rounded up so that the next header is aligned. */
static uint32_t padded(size_t n) { return ((uint32_t)n + 15u) & ~15u; }

/* What stands in front of the bytes of one system call. */
static uint32_t heads(cuv_handle *h) {
  return (uint32_t)sizeof(cuv_datagram) * (uv_udp_using_recvmmsg(&h->uv.udp) ? CUV_UDP_BATCH : 1);
}

/* Lends libuv a piece of the read arena in which the longest datagram fits, or all of a
 * smaller arena. Otherwise it lends nothing, and the next poll reports the handle again;
 * cuv_stream_alloc tells why a handle yields. */
static void on_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf) {
  (void)suggested;
  cuv_handle *h = cuv_of(uv);
  cuv_loop *l = cuv_loop_of(h);
  cuv_ring *r = &l->ring;
  if (h->read.turn != l->turn) {
    h->read.turn = l->turn;
    h->chunks = 0;
    h->yields = h->read.round == l->round;
  }
  uint32_t head = heads(h);
  uint32_t left = r->in_cap - r->in_len;
  uint32_t need = head + CUV_UDP_MAX < r->in_cap ? head + CUV_UDP_MAX : r->in_cap;
  if (left < need && !h->yields && h->chunks == 0) l->starved++;
  if (left < need || h->yields || l->fail_arena) {
    *buf = uv_buf_init(NULL, 0);
    return;
  }
  h->read.round = l->round;
  uint32_t many = head != sizeof(cuv_datagram);
  uint32_t most = many ? CUV_UDP_MAX * CUV_UDP_BATCH : CUV_UDP_MAX;
  uint32_t len = left - head < most ? left - head : most;
  if (many) len -= len % CUV_UDP_MAX; /* libuv 1.53 takes whole pieces only */
  *buf = uv_buf_init(r->in + r->in_len + head, len);
  l->packed = r->in_len + head;
}

/* Marks the arena as used up to end. */
static void use_arena(cuv_ring *r, uint32_t end) { r->in_len = end < r->in_cap ? end : r->in_cap; }

/* Reports an error that another host caused, with the address it came of. */
static void report(cuv_handle *h, int status, const struct sockaddr *addr) {
  cuv_ring *r = &cuv_loop_of(h)->ring;
  cuv_datagram *d = NULL;
  if (addr != NULL && r->in_cap - r->in_len >= sizeof *d) {
    d = (cuv_datagram *)(r->in + r->in_len);
    cuv_addr_from(&d->addr, addr);
    use_arena(r, r->in_len + (uint32_t)sizeof *d);
  }
  cuv_push_handle(h, CUV_EV_UDP_RECV, status, d, 0);
}

/* Reads the socket's queue of errors (IP_RECVERR), and reports them: libuv 1.50
 * does not, and poll reports the socket until it is empty. Returns how many
 * there were. */
static int report_queued(cuv_handle *h) {
  int n = 0;
#ifdef __linux__
  int fd = cuv_fd(h);
  for (; n < 64; n++) {
    struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
    union {
      struct cmsghdr align;
      char bytes[512];
    } control;
    char payload[1];
    struct iovec iov = {payload, sizeof payload};
    struct msghdr m = {.msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &iov, .msg_iovlen = 1};
    m.msg_control = &control;
    m.msg_controllen = sizeof control;
    if (recvmsg(fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c != NULL; c = CMSG_NXTHDR(&m, c)) {
      if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
          !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
        continue;
      struct sock_extended_err e;
      memcpy(&e, CMSG_DATA(c), sizeof e);
      if (e.ee_errno != 0 && (e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6 || e.ee_origin == SO_EE_ORIGIN_LOCAL))
        report(h, uv_translate_sys_error((int)e.ee_errno), (struct sockaddr *)&to);
    }
  }
#else
  (void)h;
#endif
  return n;
}

/* Reports a datagram of n bytes. */
static void arrived(cuv_handle *h, char *p, size_t n, const struct sockaddr *addr, unsigned flags) {
  cuv_loop *l = cuv_loop_of(h);
  cuv_ring *r = &l->ring;
  cuv_datagram *d = (cuv_datagram *)(r->in + r->in_len);
  if (flags & UV_UDP_MMSG_CHUNK) {
    char *base = r->in + r->in_len + heads(h);
    d += (p - base) / CUV_UDP_MAX;
    if (n <= pack_max) p = memmove(r->in + l->packed, p, n);
    l->packed = (uint32_t)(p - r->in) + padded(n);
  } else {
    use_arena(r, (uint32_t)(p - r->in) + padded(n));
  }
  d->data.bytes = p;
  cuv_addr_from(&d->addr, addr);
  cuv_push_handle(h, CUV_EV_UDP_RECV, (int32_t)n, d, flags & UV_UDP_PARTIAL ? CUV_UDP_TRUNCATED : 0);
  cuv_count_chunk(h);
}

/* Reports what was received. */
static void on_recv(uv_udp_t *u, ssize_t n, const uv_buf_t *buf, const struct sockaddr *addr, unsigned flags) {
  cuv_handle *h = cuv_of(u);
  cuv_loop *l = cuv_loop_of(h);
  if (flags & UV_UDP_MMSG_FREE) {
    use_arena(&l->ring, l->packed);
    return;
  }
  /* libuv 1.53 gives no address of a sender that has none, a unix socket without a name. */
  static const struct sockaddr_storage nameless = {.ss_family = AF_UNSPEC};
  if (addr == NULL && flags & UV_UDP_MMSG_CHUNK) addr = (const struct sockaddr *)&nameless;
  if (n >= 0 && addr != NULL) {
    arrived(h, buf->base, (size_t)n, addr, flags);
    return;
  }
  if (n == UV_ENOBUFS && buf->base == NULL) {
    if (!l->fail_arena) {
      l->ring.deferred++;
      return;
    }
    uv_udp_recv_stop(u);
    cuv_push_handle(h, CUV_EV_UDP_RECV, UV_ENOBUFS, NULL, 0);
    return;
  }
  if (n < 0) {
    if (report_queued(h) == 0) report(h, (int)n, addr);
    return;
  }
  /* Nothing there. If there was nothing at all, an error may be what the poll
   * reported. */
  if (h->chunks == 0 && report_queued(h) != 0) return;
  if (h->flags.udp & CUV_UDP_REPORT_DRAINED) cuv_push_handle(h, CUV_EV_UDP_RECV, 0, NULL, CUV_UDP_DRAINED);
}

/* Starts receiving; a failure becomes an event. */
void cuv_udp_recv_start(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  int r = uv_udp_recv_start(&e->h->uv.udp, on_alloc, on_recv);
  if (r < 0 && r != UV_EALREADY) cuv_push_handle(e->h, CUV_EV_UDP_RECV, r, NULL, 0);
}

/* Stops receiving. */
void cuv_udp_recv_stop(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_udp_recv_stop(&e->h->uv.udp);
}

/* uv_udp_init or uv_udp_init_ex. UV_EINVAL if the read arena is too small for recvmmsg, of
 * which libuv would then ask for nothing, again and again. */
int cuv_udp_new(cuv_loop *l, unsigned flags, uint32_t slot, uint32_t gen, cuv_handle **out) {
  if (flags & UV_UDP_RECVMMSG && l->ring.in_cap < CUV_UDP_MAX + CUV_UDP_BATCH * sizeof(cuv_datagram)) return UV_EINVAL;
  cuv_flush(l);
  cuv_handle *h = cuv_handle_alloc(UV_UDP);
  if (h == NULL) return UV_ENOMEM;
  cuv_stdio_fill();
  int r = flags == 0 ? uv_udp_init(&l->uv, &h->uv.udp) : uv_udp_init_ex(&l->uv, &h->uv.udp, flags);
  if (r < 0) {
    cuv_handle_free(h);
    return r;
  }
  h->slot = slot;
  h->gen = gen;
  *out = h;
  return 0;
}

/* uv_udp_using_recvmmsg. */
int cuv_udp_using_recvmmsg(cuv_handle *h) { return uv_udp_using_recvmmsg(&h->uv.udp); }

/* uv_udp_open, or uv_udp_open_ex with flags; the handle owns fd afterwards. Returns whether it
 * is connected. */
int cuv_udp_open(cuv_handle *h, int fd, unsigned flags) {
  struct sockaddr_storage ss;
  int n = sizeof ss;
  cuv_flush(cuv_loop_of(h));
  int r = UV_ENOTSUP;
  if (flags == CUV_UDP_PLAIN_OPEN)
    r = uv_udp_open(&h->uv.udp, fd);
#if UV_VERSION_HEX >= 0x013400
  else
    r = uv_udp_open_ex(&h->uv.udp, fd, flags);
#endif
  if (r < 0) return r;
  return uv_udp_getpeername(&h->uv.udp, (struct sockaddr *)&ss, &n) == 0 && n > 0; /* as libuv finds out */
}

/* The flag that shares a port by SO_REUSEPORT, 0 where this libuv or the system
 * cannot. */
int cuv_udp_reuseport(void) {
#if UV_VERSION_HEX >= 0x013100 && (defined(__linux__) || defined(__FreeBSD__) || defined(__DragonFly__))
  return UV_UDP_REUSEPORT;
#else
  return 0;
#endif
}

/* uv_udp_bind. */
int cuv_udp_bind(cuv_handle *h, cuv_addr addr, unsigned flags) {
  struct sockaddr_storage ss;
  if (cuv_addr_to(&addr, &ss) == 0) return UV_EINVAL;
  cuv_flush(cuv_loop_of(h));
  cuv_stdio_socket(h);
  return uv_udp_bind(&h->uv.udp, (struct sockaddr *)&ss, flags);
}

/* Makes a socket if there is none. libuv does so by itself before it sends or receives;
 * done here, a failure is the error of the caller's own call. */
int cuv_udp_autobind(cuv_handle *h, int family) {
  cuv_flush(cuv_loop_of(h));
  if (cuv_fd(h) >= 0) return 0;
  cuv_addr any = {.family = (uint16_t)family};
  return cuv_udp_bind(h, any, 0);
}

/* uv_udp_connect; without an address it disconnects. */
int cuv_udp_connect(cuv_handle *h, const cuv_addr *addr) {
  struct sockaddr_storage ss;
  if (addr != NULL && cuv_addr_to(addr, &ss) == 0) return UV_EINVAL;
  cuv_flush(cuv_loop_of(h));
  cuv_stdio_socket(h);
  return uv_udp_connect(&h->uv.udp, addr == NULL ? NULL : (struct sockaddr *)&ss);
}

/* uv_udp_getsockname or uv_udp_getpeername. */
int cuv_udp_sockname(cuv_handle *h, int peer, cuv_addr *out) {
  struct sockaddr_storage ss = {.ss_family = AF_UNSPEC};
  int n = sizeof ss;
  cuv_flush(cuv_loop_of(h));
  int r = peer ? uv_udp_getpeername(&h->uv.udp, (struct sockaddr *)&ss, &n)
               : uv_udp_getsockname(&h->uv.udp, (struct sockaddr *)&ss, &n);
  if (r == 0) cuv_addr_from(out, (struct sockaddr *)&ss);
  return r;
}

/* uv_udp_get_send_queue_size, after the submissions have been drained. */
size_t cuv_udp_queue_size(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_get_send_queue_size(&h->uv.udp);
}

/* uv_udp_get_send_queue_count, after the submissions have been drained. */
size_t cuv_udp_queue_count(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_get_send_queue_count(&h->uv.udp);
}
