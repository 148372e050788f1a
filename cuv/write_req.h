/* write_req.h: a write that waits in libuv's queue. */
#ifndef CUV_WRITE_REQ_H
#define CUV_WRITE_REQ_H

#include "stream.h"

/* Whether libuv can cancel a write: since 1.53. */
#define CUV_CANCELS_WRITES (UV_VERSION_HEX >= 0x013500)

/* A write request with the bytes that it owns behind it. */
typedef struct cuv_write_req {
  uv_write_t req;
  uint32_t slot;  /* the Go request, or CUV_NO_SLOT */
  uint32_t gen;
  uint64_t size;  /* its bytes, as the loop counts them */
  uint64_t taken; /* bytes that the kernel took before the rest was queued */
#if CUV_CANCELS_WRITES
  struct cuv_write_req *next, **at; /* its list of cuv_loop.cancelable */
  int cancelled;
#endif
  char data[];
} cuv_write_req;

/* write_cancel.c */
void cuv_write_queued(cuv_loop *l, cuv_write_req *w);
uint64_t cuv_write_ended(cuv_write_req *w, int status, int *cancelled);

#endif
