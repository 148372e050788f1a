/* streams.c: TCP connections and pipes: an echo, and writes that have to queue. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"
#include "stream.h"

enum { rounds = 3, message = 3000 };

static slot *listener, *client, *peer, *connecting;
static int done, refused, is_pipe;
static uint64_t sent; /* by the client */

static int finished(void) { return done; }

static void say(void) {
  char text[message];
  pattern_fill(text, sent, sizeof text);
  sent += sizeof text;
  submit_write(client, slot_new(NULL), text, sizeof text);
}

/* The peer sends back what it reads. */
static void on_peer(slot *s, const cuv_cqe *e) {
  if (e->kind == CUV_EV_READ && e->status > 0) {
    pattern_check(e->ptr, s->bytes, (size_t)e->status, "the peer");
    s->bytes += (uint64_t)e->status;
    submit_write(s, NULL, e->ptr, (size_t)e->status);
  } else if (e->kind == CUV_EV_READ) {
    if (e->status != UV_EOF && e->status != UV_ECONNRESET) ok(e->status, "the peer's read");
    submit_handle(CUV_OP_CLOSE, s);
  } else if (e->status < 0) {
    ok(e->status, "the peer's write");
    done = 1;
  }
}

static void on_client(slot *s, const cuv_cqe *e) {
  if (e->kind == CUV_EV_READ && e->status > 0) {
    pattern_check(e->ptr, s->bytes, (size_t)e->status, "the client");
    s->bytes += (uint64_t)e->status;
    if (s->bytes < sent) return;
    if (sent < rounds * message) {
      say();
    } else {
      submit((cuv_sqe){.op = CUV_OP_SHUTDOWN, .slot = slot_index(slot_new(NULL)), .gen = 1, .h = s->h, .next = CUV_NIL});
      done = 1;
    }
  } else if (e->kind == CUV_EV_READ) {
    if (e->status != UV_EOF && e->status != UV_ECONNRESET && e->status != UV_EPIPE) ok(e->status, "the client's read");
    done = 1; /* the listener had no memory, and has closed it */
  }
}

static void on_connected(slot *s, const cuv_cqe *e) {
  (void)s;
  if (e->status == UV_ECONNRESET || e->status == UV_EPIPE || !ok(e->status, "the connect")) {
    done = 1;
    return;
  }
  submit_handle(CUV_OP_READ_START, client);
  say();
}

static void on_accept(slot *s, const cuv_cqe *e) {
  (void)s;
  if (!ok(e->status, "the accept")) {
    refused++;
    return;
  }
  peer = slot_new(on_peer);
  peer->h = e->ptr;
  peer->h->slot = slot_index(peer);
  peer->h->gen = 1;
  submit_handle(CUV_OP_READ_START, peer);
}

/* A client that exchanges all messages, or finds out that it cannot. */
static void exchange(cuv_addr to, const char *name, size_t len) {
  done = 0;
  sent = 0;
  peer = NULL;
  int kind = is_pipe ? UV_NAMED_PIPE : UV_TCP;
  if ((client = handle_new(kind, on_client)) == NULL) return;
  connecting = slot_new(on_connected);
  int r = is_pipe ? cuv_pipe_connect(client->h, name, len, slot_index(connecting), 1)
                  : cuv_tcp_connect(client->h, to, slot_index(connecting), 1);
  if (ok(r, "a connect")) turns(finished);
  if (client->h != NULL) submit_handle(CUV_OP_CLOSE, client);
}

static void echo(cuv_addr to, const char *name, size_t len) {
  refused = 0;
  if (!ok(cuv_stream_listen(listener->h, 16), "listen")) return;
  exchange(to, name, len);
  int after = w.errors;
  if (refused == 0 && client != NULL && client->bytes == rounds * message) return;
  /* Want of memory passes: the listener goes on, or is as out of memory as before. */
  exchange(to, name, len);
  if (w.errors == after && (client == NULL || client->bytes != rounds * message)) fail("the listener does not go on after it was out of memory");
}

void scenario_tcp(void) {
  cuv_addr to = {.ip = {127, 0, 0, 1}, .family = 4};
  is_pipe = 0;
  if ((listener = handle_new(UV_TCP, on_accept)) == NULL) return;
  if (!ok(cuv_tcp_bind(listener->h, to, 0), "bind")) return;
  if (!ok(cuv_tcp_sockname(listener->h, 0, &to), "sockname")) return;
  echo(to, NULL, 0);
}

void scenario_pipe(void) {
  char name[64];
  name[0] = 0; /* abstract: no file is left */
  int len = 1 + snprintf(name + 1, sizeof name - 1, "uvgo-harness-%d", (int)getpid());
  is_pipe = 1;
  if ((listener = handle_new(UV_NAMED_PIPE, on_accept)) == NULL) return;
  if (!ok(cuv_pipe_bind(listener->h, name, (size_t)len), "bind")) return;
  echo((cuv_addr){0}, name, (size_t)len);
}

static int reader_fd;
static uint64_t wanted, had;
static slot *writer;

/* Reads what the writer has sent, outside of the loop. */
static void drain(void) {
  char buf[64 << 10];
  ssize_t n;
  while ((n = read(reader_fd, buf, sizeof buf)) > 0) {
    pattern_check(buf, had, (size_t)n, "the reader");
    had += (uint64_t)n;
  }
  if (n < 0 && errno != EAGAIN) fail("the reader: %s", strerror(errno));
}

static int all_read(void) {
  drain();
  return had == wanted || w.errors > 0;
}

static void on_written(slot *s, const cuv_cqe *e) {
  (void)s;
  if (e->status != UV_EPIPE && e->status != UV_ECANCELED) ok(e->status, "a write");
}

/* Writes far more than a socket takes: with requests, without, and of vectors. Whatever
 * fails, the peer sees a beginning of what was written, never a hole. */
void scenario_queue(void) {
  int fds[2];
  wanted = had = 0;
  if (!ok(cuv_tcp_socketpair(SOCK_STREAM, 0, 3, fds), "a pair")) return;
  reader_fd = fds[1];
  if ((writer = handle_new(UV_NAMED_PIPE, on_written)) == NULL || !ok(cuv_pipe_open(writer->h, fds[0]), "open")) {
    if (writer == NULL || cuv_handle_fileno(writer->h) < 0) close(fds[0]);
    close(fds[1]);
    return;
  }
  static char text[20000];
  static uv_buf_t vector[6];
  static char lent[6][7000];
  for (int round = 0; round < 4; round++) {
    for (int i = 0; i < 12; i++) {
      pattern_fill(text, wanted, sizeof text);
      submit_write(writer, i % 3 == 0 ? slot_new(on_written) : NULL, text, sizeof text);
      wanted += sizeof text;
    }
    if (round == 3) break;
    for (int i = 0; i < 6; i++, wanted += 7000) {
      pattern_fill(lent[i], wanted, 7000);
      vector[i] = uv_buf_init(lent[i], 7000);
    }
    submit((cuv_sqe){.op = CUV_OP_WRITE,
                     .flags = CUV_WRITE_VECTOR,
                     .slot = slot_index(slot_new(on_written)),
                     .gen = 1,
                     .h = writer->h,
                     .a = (uintptr_t)vector,
                     .b = 6,
                     .next = CUV_NIL});
    cuv_flush(w.l); /* copied now: the vector is filled again */
  }
  int64_t r = 0;
  if (w.errors == 0) r = cuv_stream_write(writer->h, text, 0);
  if (r < 0) ok((int)r, "a direct write");
  turns(all_read);
  submit_handle(CUV_OP_CLOSE, writer);
  turns(NULL);
  drain();
  if (w.errors == 0 && had != wanted) fail("%llu bytes of %llu came", (unsigned long long)had, (unsigned long long)wanted);
  close(fds[1]);
}
