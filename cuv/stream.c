/* stream.c: streams are read into the arena; write.c has what they write. */
#include "stream.h"

enum {
  chunk_max = 64 * 1024, /* what libuv suggests for one read */
  chunk_min = 1024,      /* fewer bytes than this are not worth a read */
};

/* Lends libuv a piece of the read arena. If the arena is full, or the stream has read
 * enough in this turn, it lends nothing; polling is level-triggered, so the next turn's
 * poll reports the stream again.
 *
 * A poll lists busy streams in the same order every time, and the first ones could take
 * the arena for themselves. So while it does not suffice the loop's round does not
 * grow, and a stream that was read in this round yields until all others were read,
 * too. */
void cuv_stream_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf) {
  (void)suggested;
  cuv_handle *h = cuv_of(uv);
  cuv_loop *l = cuv_loop_of(h);
  cuv_ring *r = &l->ring;
  if (h->read.turn != l->turn) {
    h->read.turn = l->turn;
    h->chunks = 0;
    h->yields = h->read.round == l->round;
  }
  uint32_t left = r->in_cap - r->in_len;
  int brief = h->flags.stream & CUV_STREAM_SHORT;
  /* A second read of a terminal could block: not all can be made non-blocking. */
  int enough = h->yields || h->chunks >= (h->kind == UV_TTY || brief ? 1 : l->max_chunks);
  if (left < chunk_min && !h->yields && h->chunks == 0) l->starved++;
  if (left < chunk_min || enough || l->fail_arena) {
    *buf = uv_buf_init(NULL, 0);
    return;
  }
  h->read.round = l->round;
  if (h->kind == UV_TCP) cuv_recv_next();
  uint32_t most = brief ? CUV_SHORT_READ : chunk_max;
  *buf = uv_buf_init(r->in + r->in_len, left < most ? left : most);
}

/* Reports what was read. Small messages lie side by side in the arena. */
void cuv_stream_on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf) {
  if (n == 0) return; /* nothing there after all */
  cuv_handle *h = cuv_of(s);
  /* When a read has brought less than it could and the peer has hung up, libuv takes that for the last of
   * the data. More can be there: behind TCP's urgent data, or from another sender (SO_PASSCRED). Read
   * on: the real end comes with a buffer. */
  if (n == UV_EOF && buf->base == NULL && h->kind != UV_TTY && cuv_stream_read_start(h) == 0) return;
  cuv_loop *l = cuv_loop_of(h);
  if (n == UV_ENOBUFS && buf->base == NULL) {
    if (!l->fail_arena) {
      l->ring.deferred++;
      return;
    }
    uv_read_stop(s);
  }
  if (n > 0) {
    l->ring.in_len += ((uint32_t)n + 15u) & ~15u;
    if (l->ring.in_len > l->ring.in_cap) l->ring.in_len = l->ring.in_cap;
    cuv_count_chunk(h);
  }
  cuv_push_handle(h, CUV_EV_READ, (int32_t)n, buf->base, 0);
}

/* uv_read_start. */
int cuv_stream_read_start(cuv_handle *h) { return uv_read_start(&h->uv.stream, cuv_stream_alloc, cuv_stream_on_read); }

/* uv_is_readable, after the submissions have been drained. */
int cuv_stream_is_readable(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_is_readable(&h->uv.stream);
}

/* uv_is_writable, after the submissions have been drained. */
int cuv_stream_is_writable(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_is_writable(&h->uv.stream);
}

/* uv_stream_get_write_queue_size, after the submissions have been drained. */
size_t cuv_stream_write_queue_size(cuv_handle *h) {
  cuv_flush(cuv_loop_of(h));
  return uv_stream_get_write_queue_size(&h->uv.stream);
}

/* uv_stream_set_blocking. */
int cuv_stream_set_blocking(cuv_handle *h, int on) {
  cuv_flush(cuv_loop_of(h));
  return uv_stream_set_blocking(&h->uv.stream, on);
}
