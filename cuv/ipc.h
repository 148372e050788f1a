/* ipc.h: what stream.c and ipc.c share. */
#ifndef CUV_IPC_H
#define CUV_IPC_H

#include "cuv.h"

/* stream.c */
void cuv_stream_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf);
void cuv_stream_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);
void cuv_stream_wrote(cuv_handle *h, uint32_t slot, uint32_t gen, int status);

/* ipc.c */
int cuv_ipc_read_start(cuv_handle *h);

#endif
