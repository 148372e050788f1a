/* ops.c: what carries out each kind of submission. Nothing calls upward to this file:
 * drain.c reads its table. */
#include "ops.h"
#include "stream.h"
#include "udp.h"

static void op_close(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  cuv_handle_close(e->h);
}

static void op_free(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  cuv_handle_free(e->h);
}

static void op_ref(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_ref(&e->h->uv.handle);
}

static void op_unref(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_unref(&e->h->uv.handle);
}

/* Starts or stops an idle, prepare or check handle. */
static void set_phase(cuv_handle *h, int on) {
  switch (h->kind) {
  case UV_IDLE: cuv_idle_set(h, on); break;
  case UV_PREPARE: cuv_prepare_set(h, on); break;
  case UV_CHECK: cuv_check_set(h, on); break;
  }
}

static void op_phase_start(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  set_phase(e->h, 1);
}

static void op_phase_stop(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  set_phase(e->h, 0);
}

/* Starts to read a stream, in the way of its kind. */
static void op_read_start(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  cuv_handle *h = e->h;
  if (e->a)
    h->flags.stream |= CUV_STREAM_SHORT;
  else
    h->flags.stream &= (uint8_t)~CUV_STREAM_SHORT;
  int r = h->flags.stream & CUV_STREAM_IPC ? cuv_ipc_read_start(h) : cuv_stream_read_start(h);
  if (r < 0 && r != UV_EALREADY) cuv_push_handle(h, CUV_EV_READ, r, NULL, 0);
}

static void op_read_stop(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  uv_read_stop(&e->h->uv.stream);
}

static void op_accept(cuv_loop *l, cuv_sqe *e) {
  (void)l;
  cuv_stream_accept(e->h);
}

cuv_op_fn *const cuv_ops[CUV_OPS] = {
    [CUV_OP_CLOSE] = op_close,
    [CUV_OP_FREE] = op_free,
    [CUV_OP_REF] = op_ref,
    [CUV_OP_UNREF] = op_unref,
    [CUV_OP_TIMER_INIT] = cuv_timer_init,
    [CUV_OP_TIMER_START] = cuv_timer_start,
    [CUV_OP_TIMER_STOP] = cuv_timer_stop,
    [CUV_OP_TIMER_AGAIN] = cuv_timer_again,
    [CUV_OP_TIMER_REPEAT] = cuv_timer_set_repeat,
    [CUV_OP_PHASE_START] = op_phase_start,
    [CUV_OP_PHASE_STOP] = op_phase_stop,
    [CUV_OP_READ_START] = op_read_start,
    [CUV_OP_READ_STOP] = op_read_stop,
    [CUV_OP_WRITE] = cuv_stream_send,
    [CUV_OP_SHUTDOWN] = cuv_stream_shutdown,
    [CUV_OP_ACCEPT] = op_accept,
    [CUV_OP_UDP_SEND] = cuv_udp_send_chain,
    [CUV_OP_UDP_RECV_START] = cuv_udp_recv_start,
    [CUV_OP_UDP_RECV_STOP] = cuv_udp_recv_stop,
};
