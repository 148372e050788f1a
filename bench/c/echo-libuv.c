/* echo-libuv: the echo server that a C programmer writes on libuv.

   Default: all connections read into one reusable buffer; uv_try_write sends
   at once, and only what the kernel does not take becomes a uv_write that owns
   a copy. Reading pauses until such a rest is out.

   --uv-write: the other common style. Every chunk is read straight into the
   buffer of a write request from a freelist, which uv_write then sends.

   Datagrams are received into the same one buffer, and uv_udp_try_send sends
   each at once. */
#include "common.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

enum { READ_SIZE = 64 * 1024, BACKLOG = 4096 };

/* request is a uv_write together with the bytes that it owns. */
struct request {
  uv_write_t write; /* first: a uv_write_t * is a struct request * */
  struct request *next;
  char bytes[];
};

static char buffer[READ_SIZE];
static struct request *freelist;
static bool use_uv_write;

/* check ends the program when a call that must not fail did. */
static void check(int status, const char *what) {
  if (status < 0) fail("%s: %s", what, uv_strerror(status));
}

/* new_request allocates a request with room for size bytes. */
static struct request *new_request(size_t size) {
  struct request *r = malloc(sizeof *r + size);
  if (r == NULL) fail("out of memory");
  return r;
}

/* recycle puts a full-size request back on the freelist. */
static void recycle(struct request *r) {
  r->next = freelist;
  freelist = r;
}

static void on_close(uv_handle_t *h) { free(h); }

/* drop closes a connection once. */
static void drop(uv_stream_t *s) {
  if (!uv_is_closing((uv_handle_t *)s)) uv_close((uv_handle_t *)s, on_close);
}

static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);

/* shared_buffer lends the one buffer: its bytes are used up inside on_read. */
static void shared_buffer(uv_handle_t *h, size_t suggested, uv_buf_t *buf) {
  (void)h, (void)suggested;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

/* on_rest_written frees the copy and lets the connection read again. */
static void on_rest_written(uv_write_t *w, int status) {
  uv_stream_t *s = w->handle;
  free(w);
  if (status < 0)
    drop(s);
  else if (!uv_is_closing((uv_handle_t *)s))
    check(uv_read_start(s, shared_buffer, on_read), "uv_read_start");
}

/* on_read echoes the chunk with uv_try_write, and the rest with uv_write. */
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  if (n <= 0) {
    if (n < 0) drop(s);
    return;
  }
  uv_buf_t out = uv_buf_init(buf->base, (unsigned)n);
  int sent = uv_try_write(s, &out, 1);
  if (sent == n) return;
  if (sent < 0) {
    if (sent != UV_EAGAIN) {
      drop(s);
      return;
    }
    sent = 0;
  }
  size_t left = (size_t)(n - sent);
  struct request *r = new_request(left);
  memcpy(r->bytes, buf->base + sent, left);
  out = uv_buf_init(r->bytes, (unsigned)left);
  uv_read_stop(s);
  check(uv_write(&r->write, s, &out, 1, on_rest_written), "uv_write");
}

/* request_buffer lends the buffer of a request from the freelist. */
static void request_buffer(uv_handle_t *h, size_t suggested, uv_buf_t *buf) {
  (void)h, (void)suggested;
  struct request *r = freelist;
  if (r != NULL)
    freelist = r->next;
  else
    r = new_request(READ_SIZE);
  *buf = uv_buf_init(r->bytes, READ_SIZE);
}

static void on_read_request(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);

/* on_request_written recycles the request and resumes a paused reader. */
static void on_request_written(uv_write_t *w, int status) {
  uv_stream_t *s = w->handle;
  recycle((struct request *)w);
  if (status < 0) {
    drop(s);
  } else if (!uv_is_closing((uv_handle_t *)s) && !uv_is_active((uv_handle_t *)s)) {
    check(uv_read_start(s, request_buffer, on_read_request), "uv_read_start");
  }
}

/* on_read_request sends the request that the chunk was read into. */
static void on_read_request(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  struct request *r =
      buf->base ? (struct request *)(buf->base - offsetof(struct request, bytes)) : NULL;
  if (n <= 0) {
    if (r != NULL) recycle(r);
    if (n < 0) drop(s);
    return;
  }
  uv_buf_t out = uv_buf_init(r->bytes, (unsigned)n);
  check(uv_write(&r->write, s, &out, 1, on_request_written), "uv_write");
  if (uv_stream_get_write_queue_size(s) > 0) uv_read_stop(s);
}

/* new_connection makes the handle of a connection to a listener. */
static uv_stream_t *new_connection(uv_stream_t *listener) {
  if (listener->type == UV_NAMED_PIPE) {
    uv_pipe_t *p = malloc(sizeof *p);
    if (p == NULL) fail("out of memory");
    check(uv_pipe_init(listener->loop, p, 0), "uv_pipe_init");
    return (uv_stream_t *)p;
  }
  uv_tcp_t *c = malloc(sizeof *c);
  if (c == NULL) fail("out of memory");
  check(uv_tcp_init(listener->loop, c), "uv_tcp_init");
  return (uv_stream_t *)c;
}

/* on_connection accepts one connection and starts to read. */
static void on_connection(uv_stream_t *listener, int status) {
  check(status, "accept");
  uv_stream_t *c = new_connection(listener);
  check(uv_accept(listener, c), "uv_accept");
  if (c->type == UV_TCP) check(uv_tcp_nodelay((uv_tcp_t *)c, 1), "uv_tcp_nodelay");
  int err = use_uv_write ? uv_read_start(c, request_buffer, on_read_request)
                         : uv_read_start(c, shared_buffer, on_read);
  check(err, "uv_read_start");
}

/* on_datagram echoes one. What the kernel does not take is lost, as datagrams may be. */
static void on_datagram(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  (void)flags;
  if (n < 0 || from == NULL) return;
  uv_buf_t out = uv_buf_init(buf->base, (unsigned)n);
  (void)uv_udp_try_send(h, &out, 1, from);
}

/* start_tcp, start_pipe and start_udp bind and begin, and set the address that came of it. */
static void start_tcp(uv_tcp_t *h, struct endpoint *e, const char *text) {
  int len = sizeof e->in;
  check(uv_tcp_init(uv_default_loop(), h), "uv_tcp_init");
  check(uv_tcp_bind(h, &e->sa, 0), text);
  check(uv_listen((uv_stream_t *)h, BACKLOG, on_connection), text);
  check(uv_tcp_getsockname(h, &e->sa, &len), "uv_tcp_getsockname");
}

static void start_pipe(uv_pipe_t *h, struct endpoint *e, const char *text) {
  check(uv_pipe_init(uv_default_loop(), h, 0), "uv_pipe_init");
  check(uv_pipe_bind(h, e->un.sun_path), text);
  check(uv_listen((uv_stream_t *)h, BACKLOG, on_connection), text);
}

static void start_udp(uv_udp_t *h, struct endpoint *e, const char *text) {
  int len = sizeof e->in;
  check(uv_udp_init(uv_default_loop(), h), "uv_udp_init");
  check(uv_udp_bind(h, &e->sa, 0), text);
  check(uv_udp_recv_start(h, shared_buffer, on_datagram), text);
  check(uv_udp_getsockname(h, &e->sa, &len), "uv_udp_getsockname");
}

static void on_term(uv_signal_t *h, int sig) {
  (void)sig;
  uv_stop(h->loop);
}

int main(int argc, char **argv) {
  use_uv_write = argc == 3 && strcmp(argv[1], "--uv-write") == 0;
  if (argc != 2 + use_uv_write) fail("usage: echo-libuv [--uv-write] {[tcp://|udp://]HOST:PORT | unix://PATH}");
  signal(SIGPIPE, SIG_IGN);
  raise_nofile(20000);

  const char *text = argv[argc - 1];
  struct endpoint e = parse_endpoint(text);
  static union {
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_udp_t udp;
  } listener;
  if (e.type == SOCK_DGRAM)
    start_udp(&listener.udp, &e, text);
  else if (e.sa.sa_family == AF_UNIX)
    start_pipe(&listener.pipe, &e, text);
  else
    start_tcp(&listener.tcp, &e, text);

  uv_loop_t *loop = uv_default_loop();
  uv_signal_t term;
  check(uv_signal_init(loop, &term), "uv_signal_init");
  check(uv_signal_start(&term, on_term, SIGTERM), "uv_signal_start");
  print_endpoint(&e);
  uv_run(loop, UV_RUN_DEFAULT);
  return 0;
}
