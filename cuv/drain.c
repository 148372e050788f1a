/* drain.c: carries out what Go has submitted, and tells what keeps the loop alive
 * then.
 *
 * Writes of one turn to one stream make one system call. So a write is only linked
 * to its handle's chain at first; chains are sent at the end of the drain, or before
 * any other operation on their handle, which keeps the order. So it is with datagrams. */
#include "cuv.h"
#include "ops.h"

/* Links submission i to the end of its handle's chain. */
static void link_chain(cuv_loop *l, uint32_t i) {
  cuv_sqe *sq = l->ring.sq;
  cuv_handle *h = sq[i].h;
  if (!h->chained) { /* else it is listed already, though its chain may have been sent */
    h->chained = 1;
    h->uv.handle.data = l->chains;
    l->chains = h;
  }
  if (h->last == CUV_NIL) {
    sq[i].next = i;
  } else {
    sq[i].next = sq[h->last].next;
    sq[h->last].next = i;
  }
  h->last = i;
}

/* Sends the chain of a handle that has one. */
static void send_chain(cuv_loop *l, cuv_handle *h) {
  cuv_sqe *sq = l->ring.sq, *last = &sq[h->last], *first = &sq[last->next];
  last->next = CUV_NIL;
  h->last = CUV_NIL;
  cuv_ops[first->op](l, first);
}

/* Carries out all submissions in order. */
void cuv_drain(cuv_loop *l) {
  cuv_ring *r = &l->ring;
  l->chains = NULL;
  for (uint32_t i = 0; i < r->sq_len; i++) {
    cuv_sqe *e = &r->sq[i];
    if (cuv_op_chains(e->op)) {
      link_chain(l, i);
      continue;
    }
    if (e->op == CUV_OP_NONE) continue;
    if (e->h->last != CUV_NIL) send_chain(l, e->h);
    cuv_ops[e->op](l, e);
  }
  for (cuv_handle *h = l->chains, *next; h != NULL; h = next) {
    next = h->uv.handle.data;
    h->chained = 0;
    if (h->last != CUV_NIL) send_chain(l, h);
  }
  r->sq_len = 0;
  r->out_len = 0;
}

/* uv_loop_alive, without the close of handles that nobody owns, such as that of a
 * failed spawn, and without what only keeps a loop in a host turning. */
int cuv_alive(cuv_loop *l) {
  uv_handle_t *strays = cuv_handle_only_strays(&l->uv) ? l->uv.closing_handles : NULL;
  if (l->keep != NULL) uv_unref(l->keep);
  if (strays != NULL) l->uv.closing_handles = NULL;
  int alive = uv_loop_alive(&l->uv);
  if (strays != NULL) l->uv.closing_handles = strays;
  if (l->keep != NULL) uv_ref(l->keep);
  return alive;
}

/* Drains the submissions without running the loop. Direct calls begin with it: they
 * take effect behind what was submitted before. What they do next may change what is
 * alive. */
void cuv_flush(cuv_loop *l) {
  cuv_kick(l);
  cuv_drain(l);
  l->ring.alive = (uint32_t)cuv_alive(l);
  l->ring.stale = 1;
  l->ring.flushes++;
}
