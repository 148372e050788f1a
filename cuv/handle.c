/* handle.c: the memory of handles, and their close. handle_direct.c has the calls that
 * Go makes of any handle. */
#include <string.h>

#include "cuv.h"

/* Memory for a handle of this kind: the shared head and libuv's part. */
cuv_handle *cuv_handle_alloc(uv_handle_type kind) {
  cuv_handle *h = cuv_malloc(offsetof(cuv_handle, uv) + uv_handle_size(kind));
  if (h == NULL) return NULL;
  memset(h, 0, offsetof(cuv_handle, uv));
  h->slot = CUV_NO_SLOT;
  h->last = CUV_NIL;
  h->kind = (uint8_t)kind;
  return h;
}

/* Frees the memory, after the close event or a failed init. */
void cuv_handle_free(cuv_handle *h) { cuv_free(h); }

/* libuv is done with the handle. One that no Go object owns is freed at once. */
void cuv_handle_on_close(uv_handle_t *uv) {
  cuv_handle *h = cuv_of(uv);
  if (h->slot == CUV_NO_SLOT)
    cuv_handle_free(h);
  else
    cuv_push_handle(h, CUV_EV_CLOSE, 0, h, 0);
}

/* Whether all handles that are closing have no owner in Go: no one waits for their end. */
int cuv_handle_only_strays(uv_loop_t *l) {
  for (uv_handle_t *h = l->closing_handles; h != NULL; h = h->next_closing)
    if (h->close_cb != cuv_handle_on_close || cuv_of(h)->slot != CUV_NO_SLOT) return 0; /* with another callback it is libuv's own */
  return 1;
}

/* Closes a handle once. */
void cuv_handle_close(cuv_handle *h) {
  if (uv_is_closing(&h->uv.handle)) return;
  if ((h->kind == UV_TCP || h->kind == UV_NAMED_PIPE) && cuv_listens(h)) cuv_loop_of(h)->listeners--;
  uv_close(&h->uv.handle, cuv_handle_on_close);
}
