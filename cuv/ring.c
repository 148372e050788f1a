/* ring.c: the completion ring: it grows, events are appended to it, and what waits
 * moves to its front. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cuv.h"

/* Doubles the completion ring. Events already in it keep their index. */
static void grow(cuv_ring *r) {
  uint32_t cap = r->cq_cap * 2;
  cuv_cqe *cq = cuv_realloc(r->cq, (size_t)cap * sizeof *cq);
  if (cq == NULL) {
    fprintf(stderr, "uvgo: out of memory for %u completions\n", cap);
    abort(); /* an event must not be lost */
  }
  r->cq = cq;
  r->cq_cap = cap;
}

/* Appends one event. */
void cuv_push(cuv_loop *l, uint32_t kind, uint32_t slot, uint32_t gen, int32_t status, void *ptr, uint64_t aux) {
  cuv_ring *r = &l->ring;
  if (r->cq_tail == r->cq_cap) grow(r);
  cuv_cqe *e = &r->cq[r->cq_tail++];
  e->kind = kind;
  e->slot = slot;
  e->gen = gen;
  e->status = status;
  e->ptr = ptr;
  e->aux = aux;
  r->events++;
}

/* Appends one event of a handle, with the handle's generation of now. */
void cuv_push_handle(cuv_handle *h, uint32_t kind, int32_t status, void *ptr, uint64_t aux) {
  cuv_push(cuv_loop_of(h), kind, h->slot, h->gen, status, ptr, aux);
}

/* Moves the events that still wait to the front, and tells whether one of them
 * points into the read arena. What no event borrows of lend.c's memory any more is
 * taken back. The events are few: completions of submissions that a call in Go's
 * callbacks drained early. */
int cuv_ring_compact(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  uint32_t n = r->cq_tail - r->cq_head;
  int arena = 0, lent = 0;
  if (r->cq_head != 0) memmove(r->cq, r->cq + r->cq_head, n * sizeof *r->cq);
  r->cq_head = 0;
  r->cq_tail = n;
  for (uint32_t i = 0; i < n; i++) {
    arena |= (uintptr_t)r->cq[i].ptr - (uintptr_t)r->in < r->in_cap;
    lent |= cuv_lends(&r->cq[i]);
  }
  if (!lent && r->lent_kept == 0) cuv_lend_reset(l);
  return arena;
}
