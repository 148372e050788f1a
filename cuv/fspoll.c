/* fspoll.c: uv_fs_poll_t. */
#include "cuv.h"

/* The file has changed, or its status cannot be read. */
static void on_fs_poll(uv_fs_poll_t *f, int status, const uv_stat_t *prev, const uv_stat_t *curr) {
  cuv_handle *h = cuv_of(f);
  uv_stat_t both[2] = {*prev, *curr};
  void *copy = cuv_lend(cuv_loop_of(h), both, sizeof both);
  if (copy == NULL && status == 0) status = UV_ENOMEM;
  cuv_push_handle(h, CUV_EV_FS_POLL, status, copy, 0);
}

/* uv_fs_poll_start. The thread pool reads the file's status for the first time.
 *
 * When libuv is out of memory for that, it frees a timer that it has just put at the end of the
 * loop's list of handles, and leaves it in the list. So it is taken out here, without a look at it. */
int cuv_fs_poll_start(cuv_handle *h, const char *path, unsigned interval_ms) {
  cuv_flush(cuv_loop_of(h));
  struct uv__queue *handles = &cuv_loop_of(h)->uv.handle_queue, *last = handles->prev;
  int entered = cuv_pool_enter();
  int r = uv_fs_poll_start(&h->uv.fs_poll, on_fs_poll, path, interval_ms);
  cuv_pool_leave(entered);
  if (r < 0) {
    last->next = handles;
    handles->prev = last;
  }
  return r;
}

/* uv_fs_poll_stop. */
int cuv_fs_poll_stop(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_fs_poll_stop(&h->uv.fs_poll);
}

/* uv_fs_poll_getpath; n is the room, then the length or what is needed. */
int cuv_fs_poll_path(cuv_handle *h, char *buf, size_t *n) { return uv_fs_poll_getpath(&h->uv.fs_poll, buf, n); }
