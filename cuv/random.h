/* random.h: uv_random_t. */
#ifndef CUV_RANDOM_H
#define CUV_RANDOM_H

#include "cuv.h"

/* A uv_random_t. It belongs to Go's request from the call that makes it until
 * cuv_random_free, which comes after its event. */
typedef struct cuv_random {
  uv_random_t req;
  cuv_loop *loop;
  uint32_t slot;
  uint32_t gen;
  int32_t done; /* can no longer be cancelled: it has been, or libuv has called back */
} cuv_random;

/* random.c */
int cuv_random_fill(char *buf, size_t n);
int cuv_random_new(cuv_loop *l, char *buf, size_t n, uint32_t slot, uint32_t gen, cuv_random **out);
int cuv_random_cancel(cuv_random *r);
void cuv_random_free(cuv_random *r);

#endif
