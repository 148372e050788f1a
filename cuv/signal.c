/* signal.c: uv_signal_t. */
#include "cuv.h"
#include "sigaction.h"

static void on_signal(uv_signal_t *s, int signum) {
  cuv_handle *h = cuv_of(s);
  if ((int32_t)(s->dispatched_signals - h->signal.caught) < 0) return; /* caught before a stop */
  cuv_push_handle(h, CUV_EV_SIGNAL, signum, NULL, 0);
}

/* uv_signal_start or uv_signal_start_oneshot, marked for sigaction.c as a call in which
 * libuv may install a handler. UV_ENOTSUP where libuv's calls of sigaction do not come to
 * cuv, UV_EAGAIN without a thread for sigforward.c. A oneshot handle of libuv's stays
 * oneshot: see cuv_handle_renew. */
int cuv_signal_start(cuv_handle *h, int signum, int oneshot) {
  if (!cuv_interposes_sigaction()) return UV_ENOTSUP;
  int err = cuv_sigaction_prepare();
  if (err != 0) return uv_translate_sys_error(err);
  cuv_flush(cuv_loop_of(h));
  h->signal.caught = h->uv.signal.caught_signals;
  cuv_sigaction_enter();
  int r = oneshot ? uv_signal_start_oneshot(&h->uv.signal, on_signal, signum) : uv_signal_start(&h->uv.signal, on_signal, signum);
  cuv_sigaction_leave();
  return r;
}

/* uv_signal_stop. */
int cuv_signal_stop(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_signal_stop(&h->uv.signal);
}
