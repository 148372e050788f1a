/* handle_direct.c: calls that Go makes of handles of any kind at once. They drain the
 * submissions first. */
#include "fd.h"
#include "stream.h"

/* Calls the init function of the kind. ipc: a pipe passes handles. ipc.c tells libuv so
 * later, because libuv lets no such pipe listen. */
static int init(cuv_loop *l, cuv_handle *h, int ipc) {
  switch ((uv_handle_type)h->kind) {
  case UV_TCP: return uv_tcp_init(&l->uv, &h->uv.tcp);
  case UV_NAMED_PIPE:
    h->flags.stream = ipc ? CUV_STREAM_IPC : 0;
    return uv_pipe_init(&l->uv, &h->uv.pipe, 0);
  case UV_TIMER: return uv_timer_init(&l->uv, &h->uv.timer);
  case UV_ASYNC: return uv_async_init(&l->uv, &h->uv.async, cuv_on_async);
  case UV_PREPARE: return uv_prepare_init(&l->uv, &h->uv.prepare);
  case UV_CHECK: return uv_check_init(&l->uv, &h->uv.check);
  case UV_IDLE: return uv_idle_init(&l->uv, &h->uv.idle);
  case UV_SIGNAL: return uv_signal_init(&l->uv, &h->uv.signal);
  case UV_FS_EVENT: return uv_fs_event_init(&l->uv, &h->uv.fs_event);
  case UV_FS_POLL: return uv_fs_poll_init(&l->uv, &h->uv.fs_poll);
  default: return UV_ENOTSUP;
  }
}

/* Makes a handle of this kind on the loop, owned by Go's slot. */
int cuv_handle_new(cuv_loop *l, int kind, int ipc, uint32_t slot, uint32_t gen, cuv_handle **out) {
  cuv_flush(l);
  cuv_handle *h = cuv_handle_alloc((uv_handle_type)kind);
  if (h == NULL) return UV_ENOMEM;
  int *reserve = cuv_fd_reserve(l);
  if ((kind == UV_TCP || kind == UV_NAMED_PIPE) && reserve != NULL && *reserve == -1) cuv_stdio_fill(); /* the first stream opens it */
  int r = init(l, h, ipc);
  if (r < 0) {
    cuv_handle_free(h);
    return r;
  }
  h->slot = slot;
  h->gen = gen;
  *out = h;
  return 0;
}

/* Makes a new handle of the same kind in the place of one that was started and stopped,
 * and closes the old one. It is for kinds that libuv cannot start again: a oneshot signal
 * stays oneshot, and a file's poll aborts while the pool still reads the status. */
int cuv_handle_renew(cuv_handle *h, cuv_handle **out) {
  int r = cuv_handle_new(cuv_loop_of(h), h->kind, 0, h->slot, h->gen, out);
  if (r < 0) return r;
  if (!uv_has_ref(&h->uv.handle)) uv_unref(&(*out)->uv.handle);
  h->slot = CUV_NO_SLOT; /* no Go object owns it: its close frees it */
  cuv_handle_close(h);
  return 0;
}

/* uv_is_active, after the submissions have been drained. */
int cuv_handle_is_active(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_is_active(&h->uv.handle);
}

/* uv_has_ref, after the submissions have been drained. */
int cuv_handle_has_ref(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_has_ref(&h->uv.handle);
}

/* The handle's descriptor, or an error. */
int cuv_handle_fileno(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return cuv_fd(h);
}

/* uv_send_buffer_size or uv_recv_buffer_size: the size, or an error; sets it
 * unless n is 0. */
int cuv_handle_buffer_size(cuv_handle *h, int send, int n) {
  cuv_flush(cuv_loop_of(h));
  int r = send ? uv_send_buffer_size(&h->uv.handle, &n) : uv_recv_buffer_size(&h->uv.handle, &n);
  return r < 0 ? r : n;
}
