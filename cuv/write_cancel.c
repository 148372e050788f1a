/* write_cancel.c: uv_cancel for writes. Go names a write by its slot, since the C request
 * may have ended while the event that says so is on its way. The requests that have a
 * slot are therefore in lists of the loop, by the lowest bits of the slot. Before libuv
 * 1.53 there are no lists. */
#include "write_req.h"

#if CUV_CANCELS_WRITES

static cuv_write_req **list(cuv_loop *l, uint32_t slot) { return &l->cancelable[slot % CUV_CANCEL_LISTS]; }

/* libuv has queued w. */
void cuv_write_queued(cuv_loop *l, cuv_write_req *w) {
  w->cancelled = 0;
  if (w->slot == CUV_NO_SLOT) return;
  cuv_write_req **first = list(l, w->slot);
  w->next = *first;
  w->at = first;
  if (w->next != NULL) w->next->at = &w->next;
  *first = w;
}

/* libuv calls back for w. Returns how many bytes of the write the kernel has taken, and
 * whether it ends because Go has cancelled it. */
uint64_t cuv_write_ended(cuv_write_req *w, int status, int *cancelled) {
  *cancelled = w->cancelled && status == UV_ECANCELED;
  if (w->slot == CUV_NO_SLOT) return 0;
  *w->at = w->next;
  if (w->next != NULL) w->next->at = w->at;
  return w->taken + uv_write_nwritten(&w->req);
}

/* uv_cancel of the write in slot, after the submissions. UV_EBUSY if the write has ended,
 * or will by the close of its stream. */
int cuv_stream_cancel(cuv_handle *h, uint32_t slot, uint32_t gen) {
  cuv_loop *l = cuv_loop_of(h);
  cuv_flush(l);
  if (uv_is_closing(&h->uv.handle)) return UV_EBUSY;
  cuv_write_req *w = *list(l, slot);
  while (w != NULL && (w->slot != slot || w->gen != gen)) w = w->next;
  if (w == NULL || w->cancelled) return UV_EBUSY;
  int r = uv_cancel((uv_req_t *)&w->req);
  if (r == 0) w->cancelled = 1;
  return r;
}

#else

void cuv_write_queued(cuv_loop *l, cuv_write_req *w) { (void)l, (void)w; }

uint64_t cuv_write_ended(cuv_write_req *w, int status, int *cancelled) {
  (void)status;
  *cancelled = 0;
  return w->taken;
}

int cuv_stream_cancel(cuv_handle *h, uint32_t slot, uint32_t gen) {
  (void)h, (void)slot, (void)gen;
  return UV_ENOTSUP;
}

#endif
