/* main.c: a C program with a libuv loop, on which a Go server lives. */
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "golib.h" /* written by go build -buildmode=c-archive */

static uv_loop_t loop;
static uv_tcp_t client;
static uv_timer_t tick;
static uv_connect_t connecting;
static uv_write_t writing;
static uv_timer_t sum;
static char buffer[64];
static int ticks;

static void on_alloc(uv_handle_t *h, size_t n, uv_buf_t *buf) {
  (void)h, (void)n;
  *buf = uv_buf_init(buffer, sizeof buffer);
}

/* The echo has come back: the client and the ticks end; then Go leaves. */
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  if (n > 0) printf("host: Go answered \"%.*s\"\n", (int)n, buf->base);
  uv_close((uv_handle_t *)s, NULL);
  uv_close((uv_handle_t *)&tick, NULL);
}

static void on_connect(uv_connect_t *req, int status) {
  if (status != 0) {
    fprintf(stderr, "host: connect: %s\n", uv_strerror(status));
    uv_stop(&loop);
    return;
  }
  uv_buf_t hello = uv_buf_init("hello from C", 12);
  uv_write(&writing, req->handle, &hello, 1, NULL);
  uv_read_start(req->handle, on_alloc, on_read);
}

/* After a few ticks, so that both sides' timers are seen to run. */
static void on_tick(uv_timer_t *t) {
  if (++ticks != 3) return;
  struct sockaddr_in addr;
  uv_ip4_addr("127.0.0.1", (int)(intptr_t)t->data, &addr);
  uv_tcp_init(&loop, &client);
  uv_tcp_connect(&connecting, &client, (const struct sockaddr *)&addr, on_connect);
}

static void on_sum(uv_timer_t *t) {
  golib_later(1000);
  uv_close((uv_handle_t *)t, NULL);
}

/* When only Go's listener is left, the program has nothing more to do. */
static void on_leave(uv_timer_t *t) {
  if (uv_is_closing((uv_handle_t *)&tick)) {
    uv_close((uv_handle_t *)t, NULL);
    uv_stop(&loop);
  }
}

int main(void) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  uv_loop_init(&loop);
  int port = golib_start(&loop);
  if (port < 0) return 1;

  uv_timer_t leave;
  uv_timer_init(&loop, &tick);
  uv_timer_init(&loop, &sum);
  uv_timer_init(&loop, &leave);
  tick.data = (void *)(intptr_t)port;
  uv_timer_start(&tick, on_tick, 5, 5);
  uv_timer_start(&sum, on_sum, 0, 0);
  uv_timer_start(&leave, on_leave, 20, 20);
  uv_run(&loop, UV_RUN_DEFAULT); /* the host's handles and Go's */

  if (golib_stop() != 0) return 1;
  uv_run(&loop, UV_RUN_DEFAULT); /* what is still closing */
  int r = uv_loop_close(&loop);
  printf("host: the loop is closed: %s\n", r == 0 ? "yes" : uv_strerror(r));
  return r == 0 ? 0 : 1;
}
