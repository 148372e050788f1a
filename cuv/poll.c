/* poll.c: uv_poll_t. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cuv.h"

static void on_poll(uv_poll_t *p, int status, int events) {
  cuv_push_handle(cuv_of(p), CUV_EV_POLL, status, NULL, (uint64_t)events);
}

static int is_socket(int fd) {
  struct stat st;
  return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* Makes a poll handle on a duplicate of fd: libuv aborts the process if a descriptor is
 * closed while the loop polls it. UV_EEXIST if a handle of this loop uses fd itself;
 * another handle, probe, is made of fd first to find that out. */
int cuv_poll_new(cuv_loop *l, int fd, uint32_t slot, uint32_t gen, cuv_handle **out, int *dup) {
  cuv_flush(l);
  cuv_handle *probe = cuv_handle_alloc(UV_POLL);
  cuv_handle *h = cuv_handle_alloc(UV_POLL);
  int r = UV_ENOMEM;
  if (probe == NULL || h == NULL) goto fail;
  if ((r = uv_poll_init(&l->uv, &probe->uv.poll, fd)) < 0) goto fail;
  cuv_handle_close(probe);
  probe = NULL;
  int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (own < 0)
    r = uv_translate_sys_error(errno);
  else
    r = is_socket(own) ? uv_poll_init_socket(&l->uv, &h->uv.poll, own) : uv_poll_init(&l->uv, &h->uv.poll, own);
  if (r < 0) {
    if (own >= 0) close(own);
    goto fail;
  }
  h->slot = slot;
  h->gen = gen;
  *out = h;
  *dup = own;
  return 0;
fail:
  cuv_handle_free(probe);
  cuv_handle_free(h);
  return r;
}

/* Stops polling and starts closing. When it returns, nothing of libuv's refers
 * to the descriptor, which the caller then closes. */
void cuv_poll_close(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  cuv_handle_close(h);
}

/* uv_poll_start; events 0 stops, as uv_poll_stop does. */
int cuv_poll_set(cuv_handle *h, int events) {
  cuv_flush(cuv_loop_of(h));
  return events == 0 ? uv_poll_stop(&h->uv.poll) : uv_poll_start(&h->uv.poll, events, on_poll);
}
