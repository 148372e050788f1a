/* uvbench-udp.c: datagrams, both ends on one loop. */
#include "uvbench.h"

#include <stdlib.h>

enum { PINGERS = 100, PINGS = 500, SENDERS = 10, RECEIVERS = 100, PUMMEL = 100000 };

static struct sockaddr_in addresses[RECEIVERS];
static uint64_t open_pingers, replies, sent, got;

static void check_send(uv_udp_send_t *req, int status) {
  check(status, "send");
  free(req);
}

static void send_to(uv_udp_t *h, const struct sockaddr_in *to, const char *text, unsigned n) {
  uv_udp_send_t *req = alloc(sizeof *req);
  uv_buf_t buf = uv_buf_init((char *)text, n);
  check(uv_udp_send(req, h, &buf, 1, (const struct sockaddr *)to, check_send), "uv_udp_send");
}

/* bind makes a socket on a port of the kernel's choice and reads from it. */
static void open_udp(uv_udp_t *h, struct sockaddr_in *addr, uv_udp_recv_cb fn) {
  int len = sizeof *addr;
  *addr = parse_addr("127.0.0.1:0");
  check(uv_udp_init(uv_default_loop(), h), "uv_udp_init");
  check(uv_udp_bind(h, (struct sockaddr *)addr, 0), "uv_udp_bind");
  check(uv_udp_getsockname(h, (struct sockaddr *)addr, &len), "uv_udp_getsockname");
  check(uv_udp_recv_start(h, shared_buffer, fn), "uv_udp_recv_start");
}

/* ping_udp100: a hundred sockets that each bounce one datagram off a server. */
static uv_udp_t server, pingers[PINGERS];
static int left[PINGERS];

static void echo(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  (void)buf, (void)flags;
  check((int)n, "recv");
  if (from != NULL) send_to(h, (const struct sockaddr_in *)from, "PING", 4);
}

static void on_reply(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  (void)buf, (void)flags;
  check((int)n, "recv");
  if (from == NULL) return;
  replies++;
  if (--left[h - pingers] > 0) {
    send_to(h, &addresses[0], "PING", 4);
  } else {
    uv_close((uv_handle_t *)h, NULL);
    if (--open_pingers == 0) uv_close((uv_handle_t *)&server, NULL);
  }
}

uint64_t ping_udp100(void) {
  open_udp(&server, &addresses[0], echo);
  for (int i = 0; i < PINGERS; i++) {
    struct sockaddr_in own;
    open_udp(&pingers[i], &own, on_reply);
    left[i] = PINGS;
    open_pingers++;
  }
  start();
  for (int i = 0; i < PINGERS; i++) send_to(&pingers[i], &addresses[0], "PING", 4);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return replies;
}

/* udp_pummel_10v100: ten senders, each of which sends the next datagram when
   the kernel has taken the last, to a hundred receivers in turn. */
static uv_udp_t senders[SENDERS], receivers[RECEIVERS];

static void on_datagram(uv_udp_t *h, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from, unsigned flags) {
  (void)h, (void)buf, (void)flags;
  check((int)n, "recv");
  if (from != NULL) got++;
}

static void pummel(uv_udp_send_t *req, int status) {
  check(status, "send");
  if (sent == PUMMEL) {
    free(req);
    if (--open_pingers == 0) uv_stop(uv_default_loop());
    return;
  }
  uv_buf_t buf = uv_buf_init((char *)"forty-six bytes, which is what this one needs.", 46);
  const struct sockaddr *to = (const struct sockaddr *)&addresses[sent++ % RECEIVERS];
  check(uv_udp_send(req, req->handle, &buf, 1, to, pummel), "uv_udp_send");
}

uint64_t udp_pummel_10v100(void) {
  for (int i = 0; i < RECEIVERS; i++) open_udp(&receivers[i], &addresses[i], on_datagram);
  for (int i = 0; i < SENDERS; i++) check(uv_udp_init(uv_default_loop(), &senders[i]), "uv_udp_init");
  start();
  for (int i = 0; i < SENDERS; i++) {
    uv_udp_send_t *req = alloc(sizeof *req);
    req->handle = &senders[i];
    open_pingers++;
    pummel(req, 0);
  }
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  if (got < PUMMEL / 2) fail("only %llu of %d datagrams arrived", (unsigned long long)got, PUMMEL);
  return sent;
}
