/* uvbench-stream.c: TCP and pipes, both ends on one loop. */
#include "uvbench.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  PINGS = 50000,
  BATCH = 100000,
  PUMP_BYTES = 1 << 30,
  PUMP_SIZE = 64 * 1024,
  POUND_CONNS = 1000,
  POUND_TOTAL = 10000,
};

static union {
  uv_tcp_t tcp;
  uv_pipe_t pipe;
  uv_stream_t stream;
} server;
static struct sockaddr_in address;
static char path[64];
static bool over_pipe;

static void free_handle(uv_handle_t *h) { free(h); }
static void drop(uv_stream_t *s) {
  if (!uv_is_closing((uv_handle_t *)s)) uv_close((uv_handle_t *)s, free_handle);
}

/* new_stream makes a handle of the kind that is measured. */
static uv_stream_t *new_stream(void) {
  if (over_pipe) {
    uv_pipe_t *p = alloc(sizeof *p);
    check(uv_pipe_init(uv_default_loop(), p, 0), "uv_pipe_init");
    return (uv_stream_t *)p;
  }
  uv_tcp_t *t = alloc(sizeof *t);
  check(uv_tcp_init(uv_default_loop(), t), "uv_tcp_init");
  return (uv_stream_t *)t;
}

/* serve starts the server; fn reads from each of its connections. */
static uv_read_cb server_read;

static void on_connection(uv_stream_t *s, int status) {
  check(status, "accept");
  uv_stream_t *c = new_stream();
  check(uv_accept(s, c), "uv_accept");
  check(uv_read_start(c, shared_buffer, server_read), "uv_read_start");
}

static void serve(uv_read_cb fn) {
  server_read = fn;
  if (over_pipe) {
    snprintf(path, sizeof path, "/tmp/uvbench.%d.sock", (int)getpid());
    check(uv_pipe_init(uv_default_loop(), &server.pipe, 0), "uv_pipe_init");
    check(uv_pipe_bind(&server.pipe, path), "uv_pipe_bind");
  } else {
    int len = sizeof address;
    address = parse_addr("127.0.0.1:0");
    check(uv_tcp_init(uv_default_loop(), &server.tcp), "uv_tcp_init");
    check(uv_tcp_bind(&server.tcp, (struct sockaddr *)&address, 0), "uv_tcp_bind");
    check(uv_tcp_getsockname(&server.tcp, (struct sockaddr *)&address, &len), "uv_tcp_getsockname");
  }
  check(uv_listen(&server.stream, 1024, on_connection), "uv_listen");
}

/* dial connects one client. */
static void dial(uv_connect_cb fn) {
  uv_connect_t *req = alloc(sizeof *req);
  uv_stream_t *c = new_stream();
  if (over_pipe)
    uv_pipe_connect(req, (uv_pipe_t *)c, path, fn);
  else
    check(uv_tcp_connect(req, (uv_tcp_t *)c, (struct sockaddr *)&address, fn), "uv_tcp_connect");
}

/* connected frees the request and returns the stream. */
static uv_stream_t *connected(uv_connect_t *req, int status) {
  check(status, "connect");
  uv_stream_t *s = req->handle;
  free(req);
  return s;
}

/* ping_pongs: one connection, PING back and forth. */
static uv_write_t ping_req[2];
static uint64_t pongs;

static void write_ping(uv_write_t *req, uv_stream_t *s) {
  uv_buf_t buf = uv_buf_init((char *)"PING\n", 5);
  check(uv_write(req, s, &buf, 1, NULL), "uv_write");
}

static void pong(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  if (n < 0) return drop(s);
  if (n > 0) write_ping(&ping_req[0], s);
}

static void ping(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  check((int)n, "read");
  if (n == 0) return;
  if (++pongs == PINGS) {
    drop(s);
    uv_close((uv_handle_t *)&server, NULL);
  } else {
    write_ping(&ping_req[1], s);
  }
}

static void start_pings(uv_connect_t *req, int status) {
  uv_stream_t *s = connected(req, status);
  check(uv_read_start(s, shared_buffer, ping), "uv_read_start");
  start();
  write_ping(&ping_req[1], s);
}

uint64_t ping_pongs(void) {
  serve(pong);
  dial(start_pings);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return pongs;
}

/* tcp_write_batch: 100,000 writes of a few bytes at once, all read by the peer. */
static uint64_t received, writes_done;
static uv_shutdown_t shutdown_req;

static void discard(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  if (n < 0)
    drop(s);
  else
    received += (uint64_t)n;
}

static void on_batch_write(uv_write_t *req, int status) {
  (void)req;
  check(status, "write");
  writes_done++;
}

static void on_batch_end(uv_shutdown_t *req, int status) {
  check(status, "shutdown");
  drop(req->handle);
  uv_close((uv_handle_t *)&server, NULL);
}

static void write_batch(uv_connect_t *req, int status) {
  uv_stream_t *s = connected(req, status);
  uv_write_t *reqs = alloc(BATCH * sizeof *reqs);
  uv_buf_t buf = uv_buf_init((char *)"Hello, world.", 13);
  start();
  for (int i = 0; i < BATCH; i++) check(uv_write(&reqs[i], s, &buf, 1, on_batch_write), "uv_write");
  check(uv_shutdown(&shutdown_req, s, on_batch_end), "uv_shutdown");
}

uint64_t tcp_write_batch(void) {
  serve(discard);
  dial(write_batch);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  if (received != BATCH * 13u || writes_done != BATCH) fail("%llu bytes received", (unsigned long long)received);
  return BATCH;
}

/* pumps: connections that write 64 KiB at a time, as fast as it goes. */
static char block[PUMP_SIZE];
static uint64_t pumped, pumps, waiting;

static void pump(uv_write_t *req, int status);

static void pump_more(uv_write_t *req) {
  uv_stream_t *s = req->handle;
  if (pumped >= PUMP_BYTES) {
    free(req);
    drop(s);
    if (--pumps == 0) uv_close((uv_handle_t *)&server, NULL);
    return;
  }
  pumped += PUMP_SIZE;
  uv_buf_t buf = uv_buf_init(block, PUMP_SIZE);
  check(uv_write(req, s, &buf, 1, pump), "uv_write");
}

static void pump(uv_write_t *req, int status) {
  check(status, "write");
  pump_more(req);
}

static void on_pump_connect(uv_connect_t *c, int status) {
  uv_write_t *req = alloc(sizeof *req);
  req->handle = connected(c, status);
  static uv_write_t *all[100];
  all[pumps++] = req;
  if (pumps < waiting) return;
  start();
  for (uint64_t i = 0, n = pumps; i < n; i++) pump_more(all[i]);
}

static uint64_t run_pumps(int n, bool pipe) {
  over_pipe = pipe;
  waiting = (uint64_t)n;
  serve(discard);
  for (int i = 0; i < n; i++) dial(on_pump_connect);
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  if (received != pumped) fail("%llu of %llu bytes arrived", (unsigned long long)received, (unsigned long long)pumped);
  return received >> 10; /* KiB */
}

uint64_t tcp_pump1(void) { return run_pumps(1, false); }
uint64_t tcp_pump100(void) { return run_pumps(100, false); }
uint64_t pipe_pump100(void) { return run_pumps(100, true); }

/* tcp4_pound_1000: a thousand clients that connect, say something, are closed by the
   server, and come again. */
static uint64_t begun, ended;

static void quit(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  if (n != 0) drop(s);
}

static void pound(void);

static void on_pound_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  (void)buf;
  if (n >= 0) return;
  drop(s);
  if (++ended == POUND_TOTAL) uv_close((uv_handle_t *)&server, NULL);
  if (begun < POUND_TOTAL) pound();
}

static void after_write(uv_write_t *req, int status) {
  check(status, "write");
  free(req);
}

static void on_pound_connect(uv_connect_t *c, int status) {
  uv_stream_t *s = connected(c, status);
  uv_write_t *req = alloc(sizeof *req);
  uv_buf_t buf = uv_buf_init((char *)"hi", 2);
  check(uv_read_start(s, shared_buffer, on_pound_read), "uv_read_start");
  check(uv_write(req, s, &buf, 1, after_write), "uv_write");
}

static void pound(void) {
  begun++;
  dial(on_pound_connect);
}

uint64_t tcp4_pound_1000(void) {
  serve(quit);
  start();
  for (int i = 0; i < POUND_CONNS; i++) pound();
  uv_run(uv_default_loop(), UV_RUN_DEFAULT);
  return ended;
}
