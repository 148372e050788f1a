/* drive.c: what Go does in a turn: it submits, crosses, and gives events to slots. */
#include <stdarg.h>
#include <string.h>

#include "harness.h"

world w;

void fail(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fputs("harness: ", stderr);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
  _Exit(1);
}

int ok(int r, const char *what) {
  if (r >= 0) return 1;
  if (r != UV_ENOMEM && r != UV_EAI_MEMORY) fail("%s: %s", what, uv_err_name(r));
  w.errors++;
  return 0;
}

slot *slot_new(void (*on)(slot *, const cuv_cqe *)) {
  if (w.used == slots_max) fail("no slot is free");
  slot *s = &w.slots[w.used++];
  memset(s, 0, sizeof *s);
  s->on = on;
  return s;
}

uint32_t slot_index(const slot *s) { return (uint32_t)(s - w.slots); }

slot *handle_new(int kind, void (*on)(slot *, const cuv_cqe *)) {
  slot *s = slot_new(on);
  if (ok(cuv_handle_new(w.l, kind, 0, slot_index(s), 1, &s->h), "a handle")) return s;
  s->h = NULL;
  return NULL;
}

void submit(cuv_sqe e) {
  cuv_ring *r = &w.l->ring;
  if (r->sq_len >= r->sq_limit) cuv_flush(w.l);
  r->sq[r->sq_len++] = e;
}

void submit_handle(int op, slot *s) {
  submit((cuv_sqe){.op = (uint8_t)op, .slot = CUV_NO_SLOT, .h = s->h, .next = CUV_NIL});
}

/* As Go's Write: the bytes lie in the output arena until they are drained. */
void submit_write(slot *s, slot *req, const char *p, size_t n) {
  cuv_ring *r = &w.l->ring;
  if (r->out_len + n > r->out_cap) cuv_flush(w.l);
  if (n > r->out_cap) fail("a write of %zu bytes does not fit", n);
  char *copy = memcpy(r->out + r->out_len, p, n);
  r->out_len += (uint32_t)n;
  submit((cuv_sqe){.op = CUV_OP_WRITE,
                   .slot = req == NULL ? CUV_NO_SLOT : slot_index(req),
                   .gen = 1,
                   .h = s->h,
                   .a = (uintptr_t)copy,
                   .b = n,
                   .next = CUV_NIL});
}

void turn(void) {
  cuv_ring *r = &w.l->ring;
  cuv_turn(w.l, CUV_RUN_ONCE, 0);
  while (r->cq_head != r->cq_tail) {
    cuv_cqe e = r->cq[r->cq_head++];
    if (e.slot == CUV_NO_SLOT) continue;
    if (e.slot >= w.used) fail("an event for slot %u", e.slot);
    slot *s = &w.slots[e.slot];
    if (e.kind == CUV_EV_CLOSE) {
      cuv_handle_free(e.ptr);
      s->h = NULL;
      s->closed = 1;
      continue;
    }
    s->status = e.status;
    s->events++;
    if (s->on != NULL) s->on(s, &e);
  }
}

void turns(int (*done)(void)) {
  while (done == NULL || !done()) {
    cuv_flush(w.l);
    if (!w.l->ring.alive) return;
    turn();
  }
}

int world_open(void) {
  memset(&w, 0, sizeof w);
  return ok(cuv_loop_new(&w.l, 1 << 20, 64 << 10, 64), "a loop");
}

void close_all(void) {
  for (uint32_t i = 0; i < w.used; i++)
    if (w.slots[i].h != NULL && !uv_is_closing(&w.slots[i].h->uv.handle)) submit_handle(CUV_OP_CLOSE, &w.slots[i]);
}

void world_close(void) {
  close_all();
  turns(NULL);
  turn(); /* the events of what ended last */
  int r = cuv_loop_close(w.l);
  if (r != 0) fail("the loop closes with %s", uv_err_name(r));
  cuv_loop_free(w.l);
  w.l = NULL;
}

void pattern_fill(char *p, uint64_t at, size_t n) {
  for (size_t i = 0; i < n; i++) p[i] = pattern(at + i);
}

void pattern_check(const char *p, uint64_t at, size_t n, const char *what) {
  for (size_t i = 0; i < n; i++)
    if (p[i] != pattern(at + i)) fail("%s: byte %llu is wrong: something was lost before it", what, (unsigned long long)(at + i));
}
