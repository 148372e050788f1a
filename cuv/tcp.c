/* tcp.c: uv_tcp_t. */

#include "addr.h"
#include "connect.h"
#include "stream.h"

/* uv_tcp_init_ex: a handle with a socket of the family 4 or 6. */
int cuv_tcp_new(cuv_loop *l, int family, uint32_t slot, uint32_t gen, cuv_handle **out) {
  cuv_flush(l);
  cuv_handle *h = cuv_handle_alloc(UV_TCP);
  if (h == NULL) return UV_ENOMEM;
  cuv_stdio_fill();
  int r = uv_tcp_init_ex(&l->uv, &h->uv.tcp, family == 6 ? AF_INET6 : AF_INET);
  if (r < 0) {
    cuv_handle_free(h);
    return r;
  }
  h->slot = slot;
  h->gen = gen;
  *out = h;
  return 0;
}

/* uv_tcp_open; the handle owns fd afterwards. */
int cuv_tcp_open(cuv_handle *h, int fd) { return uv_tcp_open(&h->uv.tcp, fd); }

/* uv_tcp_bind. */
int cuv_tcp_bind(cuv_handle *h, cuv_addr addr, unsigned flags) {
  struct sockaddr_storage ss;
  if (cuv_addr_to(&addr, &ss) == 0) return UV_EINVAL;
#if UV_VERSION_HEX < 0x013100
  if (flags & ~(unsigned)UV_TCP_IPV6ONLY) return UV_ENOTSUP;
#endif
  cuv_stdio_socket(h);
  return uv_tcp_bind(&h->uv.tcp, (struct sockaddr *)&ss, flags);
}

/* Whether this libuv can share a port by SO_REUSEPORT. */
int cuv_tcp_reuseport(void) {
#if UV_VERSION_HEX >= 0x013100 && (defined(__linux__) || defined(__FreeBSD__) || defined(__DragonFly__))
  return UV_TCP_REUSEPORT;
#else
  return 0;
#endif
}

/* uv_tcp_connect. */
int cuv_tcp_connect(cuv_handle *h, cuv_addr addr, uint32_t slot, uint32_t gen) {
  struct sockaddr_storage ss;
  if (cuv_addr_to(&addr, &ss) == 0) return UV_EINVAL;
  cuv_flush(cuv_loop_of(h));
  cuv_connect_req *c = cuv_connect_new(slot, gen);
  if (c == NULL) return UV_ENOMEM;
  cuv_stdio_socket(h);
  int r = uv_tcp_connect(&c->req, &h->uv.tcp, (struct sockaddr *)&ss, cuv_on_connect);
  if (r < 0) cuv_free(c);
  return r;
}

/* uv_tcp_getsockname or uv_tcp_getpeername. */
int cuv_tcp_sockname(cuv_handle *h, int peer, cuv_addr *out) {
  struct sockaddr_storage ss;
  int n = sizeof ss;
  cuv_flush(cuv_loop_of(h));
  int r = peer ? uv_tcp_getpeername(&h->uv.tcp, (struct sockaddr *)&ss, &n)
               : uv_tcp_getsockname(&h->uv.tcp, (struct sockaddr *)&ss, &n);
  if (r == 0) cuv_addr_from(out, (struct sockaddr *)&ss);
  return r;
}

/* uv_tcp_nodelay; on a listener, for every connection that it accepts. */
int cuv_tcp_nodelay(cuv_handle *h, int on) {
  if (on)
    h->flags.stream |= CUV_STREAM_NODELAY;
  else
    h->flags.stream &= (uint8_t)~CUV_STREAM_NODELAY;
  return uv_tcp_nodelay(&h->uv.tcp, on);
}

/* uv_tcp_keepalive; delay in seconds. */
int cuv_tcp_keepalive(cuv_handle *h, int on, unsigned delay_s) {
  return uv_tcp_keepalive(&h->uv.tcp, on, delay_s);
}

/* uv_tcp_keepalive_ex; times in seconds. */
int cuv_tcp_keepalive_ex(cuv_handle *h, int on, unsigned idle_s, unsigned interval_s, unsigned count) {
#if UV_VERSION_HEX >= 0x013400
  return uv_tcp_keepalive_ex(&h->uv.tcp, on, idle_s, interval_s, count);
#else
  (void)h, (void)on, (void)idle_s, (void)interval_s, (void)count;
  return UV_ENOTSUP;
#endif
}

/* Closes a connection with a reset instead of a FIN. */
int cuv_tcp_close_reset(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  if (uv_is_closing(&h->uv.handle)) return UV_EINVAL;
  int listener = cuv_listens(h);
  int r = uv_tcp_close_reset(&h->uv.tcp, cuv_handle_on_close);
  if (r == 0 && listener) cuv_loop_of(h)->listeners--;
  return r;
}

/* uv_socketpair; bit i of nonblock is the mode of fds[i]. */
int cuv_tcp_socketpair(int type, int protocol, int nonblock, int *fds) {
  cuv_stdio_fill();
  uv_os_sock_t pair[2];
  int r = uv_socketpair(type, protocol, pair, nonblock & 1 ? UV_NONBLOCK_PIPE : 0, nonblock & 2 ? UV_NONBLOCK_PIPE : 0);
  if (r == 0) fds[0] = (int)pair[0], fds[1] = (int)pair[1];
  return r;
}
