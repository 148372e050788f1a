/* others.c: loops alone, datagrams, lookups, signals, children, and many events at once. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "child_process.h"
#include "getaddrinfo.h"
#include "harness.h"
#include "random.h"
#include "udp.h"

static int ends; /* events that the scenario waits for */
static int wanted;

static int finished(void) { return ends >= wanted || w.errors > 0; }

static void on_end(slot *s, const cuv_cqe *e) {
  ok(e->status, "a request");
  (void)s;
  ends++;
}

static void on_tick(slot *s, const cuv_cqe *e) {
  (void)e;
  if (s->events == 3) submit_handle(CUV_OP_TIMER_STOP, s), ends++;
}

/* Timers and the handles of phases. */
void scenario_loop(void) {
  ends = 0, wanted = 1;
  slot *t = slot_new(on_tick);
  if (cuv_timer_stock(w.l, &t->h, 1) != 1) {
    w.errors++;
    t->h = NULL;
    return;
  }
  t->h->slot = slot_index(t);
  t->h->gen = 1;
  submit_handle(CUV_OP_TIMER_INIT, t);
  submit((cuv_sqe){.op = CUV_OP_TIMER_START, .slot = CUV_NO_SLOT, .h = t->h, .a = 0, .b = 1, .next = CUV_NIL});
  slot *c = handle_new(UV_CHECK, NULL), *p = handle_new(UV_PREPARE, NULL), *a = handle_new(UV_ASYNC, NULL);
  if (c == NULL || p == NULL || a == NULL) return;
  submit_handle(CUV_OP_PHASE_START, c);
  submit_handle(CUV_OP_PHASE_START, p);
  cuv_loop_wake(w.l);
  turns(finished);
  if (c->events == 0) fail("the check handle was not called");
}

/* More events in a turn than the ring has room for, and more descriptors than libuv's table. */
void scenario_many(void) {
  enum { n = 520 };
  cuv_handle *all[n];
  alloc_hold(1); /* what fails here is the rings, not each timer */
  int made = cuv_timer_stock(w.l, all, n);
  alloc_hold(0);
  for (int i = 0; i < made; i++) {
    submit((cuv_sqe){.op = CUV_OP_TIMER_INIT, .slot = CUV_NO_SLOT, .h = all[i], .next = CUV_NIL});
    submit((cuv_sqe){.op = CUV_OP_TIMER_START, .slot = CUV_NO_SLOT, .h = all[i], .next = CUV_NIL});
  }
  if (w.errors == 0) turn();
  for (int i = 0; i < made; i++) submit((cuv_sqe){.op = CUV_OP_CLOSE, .slot = CUV_NO_SLOT, .h = all[i], .next = CUV_NIL});
  turns(NULL);
}

static uint64_t received;

static void on_datagram(slot *s, const cuv_cqe *e) {
  (void)s;
  if (e->kind != CUV_EV_UDP_RECV || e->status < 0) {
    ok(e->status, "a datagram");
    return;
  }
  if (e->ptr == NULL) return;
  const cuv_datagram *d = e->ptr;
  if (e->status != 600) fail("a datagram of %d bytes", e->status);
  pattern_check(d->data.bytes, 0, 600, "a datagram");
  received++;
}

static int all_received(void) { return received == 40 || w.errors > 0; }

void scenario_udp(void) {
  received = 0;
  cuv_addr to = {.ip = {127, 0, 0, 1}, .family = 4};
  slot *in = slot_new(on_datagram), *out = slot_new(on_datagram);
  if (!ok(cuv_udp_new(w.l, UV_UDP_RECVMMSG, slot_index(in), 1, &in->h), "a handle")) return;
  if (!ok(cuv_udp_new(w.l, 0, slot_index(out), 1, &out->h), "a handle")) return;
  if (!ok(cuv_udp_bind(in->h, to, 0), "bind") || !ok(cuv_udp_sockname(in->h, 0, &to), "sockname")) return;
  submit_handle(CUV_OP_UDP_RECV_START, in);
  for (int i = 0; i < 40; i++) {
    cuv_ring *r = &w.l->ring;
    if (r->sq_len >= r->sq_limit || r->out_len + 640 > r->out_cap) cuv_flush(w.l);
    cuv_datagram *d = (cuv_datagram *)(void *)(r->out + r->out_len);
    memset(d, 0, sizeof *d);
    d->data.bytes = (char *)(d + 1);
    d->addr = to;
    pattern_fill(d->data.bytes, 0, 600);
    r->out_len += 640;
    uint32_t request = i % 4 == 0 ? slot_index(slot_new(on_end)) : CUV_NO_SLOT;
    submit((cuv_sqe){.op = CUV_OP_UDP_SEND, .slot = request, .gen = 1, .h = out->h, .a = (uintptr_t)d, .b = 600, .next = CUV_NIL});
  }
  turns(all_received);
}

void scenario_lookups(void) {
  ends = 0, wanted = 3;
  cuv_getaddrinfo *a = NULL;
  cuv_getnameinfo *b = NULL;
  cuv_random *c = NULL;
  char bytes[64];
  cuv_addr addr = {.ip = {127, 0, 0, 1}, .family = 4, .port = 80};
  if (!ok(cuv_getaddrinfo_new(w.l, "127.0.0.1", "80", 4, SOCK_STREAM, 0, AI_NUMERICHOST | AI_CANONNAME, slot_index(slot_new(on_end)), 1, &a), "getaddrinfo")) wanted--;
  if (!ok(cuv_getnameinfo_new(w.l, addr, NI_NUMERICHOST | NI_NUMERICSERV, slot_index(slot_new(on_end)), 1, &b), "getnameinfo")) wanted--;
  if (!ok(cuv_random_new(w.l, bytes, sizeof bytes, slot_index(slot_new(on_end)), 1, &c), "random")) wanted--;
  turns(NULL);
  if (ends != wanted) fail("%d of %d lookups ended", ends, wanted);
  if (w.errors == 0 && (a->n != 1 || a->list[0].addr.port != 80 || a->canonname == NULL)) fail("getaddrinfo found something else");
  if (a != NULL) cuv_getaddrinfo_free(a);
  if (b != NULL) cuv_getnameinfo_free(b);
  if (c != NULL) cuv_random_free(c);
}

static void on_signal(slot *s, const cuv_cqe *e) {
  if (e->status != SIGUSR1) fail("signal %d", e->status);
  cuv_signal_stop(s->h);
  ends++;
}

void scenario_signal(void) {
  ends = 0, wanted = 1;
  slot *s = handle_new(UV_SIGNAL, on_signal);
  if (s == NULL || !ok(cuv_signal_start(s->h, SIGUSR1, 0), "signal_start")) return;
  raise(SIGUSR1);
  turns(finished);
}

static uint64_t from_child;

static void on_exited(slot *s, const cuv_cqe *e) {
  (void)s;
  if (e->kind != CUV_EV_EXIT) return;
  if (e->status != 0 || e->aux != 0) fail("the child ended with %d and signal %d", (int)e->aux, e->status);
  ends++;
}

static void on_output(slot *s, const cuv_cqe *e) {
  (void)s;
  if (e->kind != CUV_EV_READ) return;
  if (e->status > 0) from_child += (uint64_t)e->status;
  if (e->status < 0 && (e->status == UV_EOF || !ok(e->status, "the child's output"))) ends++;
}

void scenario_spawn(void) {
  ends = 0, wanted = 2, from_child = 0;
  static const char text[] = "echo\0\0echo\0hello\0PATH=/usr/bin:/bin\0LANG=C";
  cuv_stdio io[3] = {{.flags = UV_IGNORE}, {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE}, {.flags = UV_INHERIT_FD, .fd = 2}};
  slot *child = slot_new(on_exited), *out = slot_new(on_output);
  cuv_spawn_opts o = {.args = 2, .env = 2, .stdio = 3, .slot = slot_index(child), .gen = 1};
  int r = cuv_process_spawn(w.l, o, text, sizeof text, io, &child->h);
  if (r < 0) child->h = NULL;
  if (!ok(r, "spawn")) return;
  out->h = io[1].h;
  out->h->slot = slot_index(out);
  out->h->gen = 1;
  submit_handle(CUV_OP_READ_START, out);
  turns(finished);
  if (w.errors == 0 && from_child != 6) fail("%d bytes from the child", (int)from_child);
  if (ends < 2) cuv_process_close(child->h, 1);
}
