/* listen.c: the listening half of streams, which accepts ahead. */
#define _GNU_SOURCE /* accept4 */
#include <errno.h>
#include <unistd.h>

#include "addr.h"
#include "fd.h"
#include "stream.h"

enum { accept_credit = 64 /* connections of one listener in one poll */ };

/* A handle for a connection of this listener. Without memory NULL; the caller drops the
 * connection. */
static cuv_handle *new_connection(cuv_handle *h) {
  cuv_handle *c = cuv_handle_alloc((uv_handle_type)h->kind);
  if (c == NULL) {
    cuv_push_handle(h, CUV_EV_ACCEPT, UV_ENOMEM, NULL, 1);
    return NULL;
  }
  if (h->kind == UV_TCP)
    uv_tcp_init(h->uv.handle.loop, &c->uv.tcp);
  else
    uv_pipe_init(h->uv.handle.loop, &c->uv.pipe, 0);
  return c;
}

/* Reports a connection, or why there is none. */
static void arrived(cuv_handle *h, cuv_handle *c, int r, const struct sockaddr_storage *peer) {
  if (r < 0) {
    cuv_handle_close(c); /* no Go object owns it: its close frees it */
    if (r != UV_EAGAIN) cuv_push_handle(h, CUV_EV_ACCEPT, r, NULL, 0);
    return;
  }
  if (h->flags.stream & CUV_STREAM_NODELAY) uv_tcp_nodelay(&c->uv.tcp, 1);
  cuv_push_handle(h, CUV_EV_ACCEPT, 0, c, cuv_addr_pack(peer));
}

/* Closes the connection that libuv holds. libuv watches the listener again only after
 * uv_accept, so that is called for it. */
static void drop_accepted(cuv_handle *h) {
#ifndef _WIN32
  uv_pipe_t c;
  cuv_fd_wrap(&c, h->uv.handle.loop, -1);
  if (uv_accept(&h->uv.stream, (uv_stream_t *)&c) == 0) close(cuv_uv_fd((uv_handle_t *)&c));
#else
  (void)h;
#endif
}

/* Accepts the connection that libuv holds and reports it. */
void cuv_stream_accept(cuv_handle *h) {
  int *accepted = cuv_fd_accepted(h);
  if (accepted != NULL && *accepted >= 0 && *accepted < 3) {
    int up = cuv_stdio_above(*accepted);
    if (up < 0) {
      cuv_push_handle(h, CUV_EV_ACCEPT, uv_translate_sys_error(errno), NULL, 1);
      drop_accepted(h);
      return;
    }
    close(*accepted);
    *accepted = up;
  }
  cuv_handle *c = new_connection(h);
  if (c == NULL) {
    drop_accepted(h);
    return;
  }
  struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
  int len = sizeof peer;
  int r = uv_accept(&h->uv.stream, &c->uv.stream);
  if (r == 0 && h->kind == UV_TCP && uv_tcp_getpeername(&c->uv.tcp, (struct sockaddr *)&peer, &len) < 0)
    peer.ss_family = AF_UNSPEC; /* it has gone already */
  arrived(h, c, r, &peer);
}

/* libuv accepts one connection a poll. When many come at once each would cost
 * a turn, so the others that wait are taken too, up to the credit: what is
 * beyond it the kernel keeps. Errors are left to libuv's next accept; emfile.c drops
 * connections when descriptors run out. */
static void accept_ahead(cuv_handle *h) {
#ifdef SOCK_NONBLOCK
  int fd = cuv_fd(h);
  for (int i = 1; i < accept_credit; i++) {
    struct sockaddr_storage peer = {.ss_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    int own = cuv_stdio_lift(accept4(fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (own < 0) return;
    cuv_handle *c = new_connection(h);
    if (c == NULL) {
      close(own);
      return;
    }
    int r = h->kind == UV_TCP ? uv_tcp_open(&c->uv.tcp, own) : uv_pipe_open(&c->uv.pipe, own);
    if (r < 0) close(own);
    arrived(h, c, r, &peer);
  }
#else
  (void)h;
#endif
}

/* A connection is there. While accepting is paused libuv holds it, and stops
 * watching the listener: the kernel's backlog does the rest. */
static void on_connection(uv_stream_t *s, int status) {
  cuv_handle *h = cuv_of(s);
  if (status < 0)
    cuv_push_handle(h, CUV_EV_ACCEPT, status, NULL, 0);
  else if (h->flags.stream & CUV_STREAM_PAUSED)
    cuv_push_handle(h, CUV_EV_ACCEPT_WAIT, 0, NULL, 0);
  else {
    cuv_stream_accept(h);
    accept_ahead(h);
  }
}

/* uv_listen. */
int cuv_stream_listen(cuv_handle *h, int backlog) {
  cuv_loop *l = cuv_loop_of(h);
  cuv_flush(l);
  int again = cuv_listens(h);
  int *accepted = cuv_fd_accepted(h);
  if (again && accepted != NULL && *accepted != -1) /* libuv must not poll it while it holds one */
    return listen(cuv_fd(h), backlog) == 0 ? 0 : uv_translate_sys_error(errno);
  cuv_stdio_socket(h);
  int r = uv_listen(&h->uv.stream, backlog, on_connection);
  if (r == 0 && !again) {
    l->listeners++;
    cuv_emfile_init(l);
  }
  return r;
}

/* Leaves new connections to the kernel, or accepts them again. */
void cuv_stream_pause(cuv_handle *h, int on) {
  if (on)
    h->flags.stream |= CUV_STREAM_PAUSED;
  else
    h->flags.stream &= (uint8_t)~CUV_STREAM_PAUSED;
}
