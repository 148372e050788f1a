/* fsevent.c: uv_fs_event_t. */
#include <string.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/eventfd.h>
#endif

#include "fd.h"

enum { turn_max = 4096 }; /* changes that one turn takes */

/* Counts a change. libuv reads from inotify until nothing is left. If another process
 * changes files fast enough, that never ends: no other callback would run, and memory would
 * grow. So after turn_max changes libuv reads from a descriptor that never has anything,
 * and the rest waits for the next turn. */
static void count(cuv_loop *l) {
#if defined(__linux__)
  if (++l->fs_events != turn_max) return;
  if (l->never_ready == -1) l->never_ready = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (l->never_ready == -1) return;
  l->inotify = *cuv_fd_inotify(l);
  *cuv_fd_inotify(l) = l->never_ready;
#else
  (void)l;
#endif
}

/* Ends a turn: the next one reads from inotify again. */
void cuv_fs_event_turn(cuv_loop *l) {
#if defined(__linux__)
  if (l->inotify != -1) *cuv_fd_inotify(l) = l->inotify;
  l->inotify = -1;
#endif
  l->fs_events = 0;
}

/* Closes the descriptor, at the loop's end. */
void cuv_fs_event_free(cuv_loop *l) {
  if (l->never_ready != -1) close(l->never_ready);
}

/* One change. */
static void on_fs_event(uv_fs_event_t *f, const char *name, int events, int status) {
  cuv_handle *h = cuv_of(f);
  count(cuv_loop_of(h));
  size_t n = name == NULL ? 0 : strlen(name);
  void *copy = n == 0 ? NULL : cuv_lend(cuv_loop_of(h), name, n);
  if (n != 0 && copy == NULL) {
    n = 0;
    if (status == 0) status = UV_ENOMEM;
  }
  cuv_push_handle(h, CUV_EV_FS_EVENT, status, copy, (uint64_t)n << 32 | (uint32_t)events);
}

/* uv_fs_event_start. */
int cuv_fs_event_start(cuv_handle *h, const char *path, unsigned flags) {
  cuv_flush(cuv_loop_of(h));
  cuv_stdio_fill();
  return uv_fs_event_start(&h->uv.fs_event, on_fs_event, path, flags);
}

/* uv_fs_event_stop. */
int cuv_fs_event_stop(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_fs_event_stop(&h->uv.fs_event);
}

/* uv_fs_event_getpath; n is the room, then the length or what is needed. */
int cuv_fs_event_path(cuv_handle *h, char *buf, size_t *n) { return uv_fs_event_getpath(&h->uv.fs_event, buf, n); }
