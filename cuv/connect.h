/* connect.h: the connect request of tcp.c and pipe.c. */
#ifndef CUV_CONNECT_H
#define CUV_CONNECT_H

#include "cuv.h"

typedef struct cuv_connect_req {
  uv_connect_t req;
  uint32_t slot;
  uint32_t gen;
} cuv_connect_req;

/* connect.c */
cuv_connect_req *cuv_connect_new(uint32_t slot, uint32_t gen);
void cuv_on_connect(uv_connect_t *req, int status);

#endif
