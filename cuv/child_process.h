/* child_process.h: uv_process_t, as process.go sees it. */
#ifndef CUV_CHILD_PROCESS_H
#define CUV_CHILD_PROCESS_H

#include "cuv.h"

/* One descriptor of a child, 16 bytes:
 *
 *   0        8        12          14       15        16
 *   | handle | fd i32 | flags u16 | ipc u8 | open u8 |
 */
typedef struct cuv_stdio {
  cuv_handle *h;  /* UV_INHERIT_STREAM: which; UV_CREATE_PIPE: C sets it to the new pipe */
  int32_t fd;     /* UV_INHERIT_FD: which */
  uint16_t flags; /* uv_stdio_flags */
  uint8_t ipc;    /* UV_CREATE_PIPE: handles can be passed over it */
  uint8_t open;   /* C's: the pipe is a handle of the loop's */
} cuv_stdio;

/* cuv_handle.flags.process. */
enum cuv_process_flag {
  CUV_PROCESS_REAPING = 1, /* closes when the child has been reaped */
};

/* The numbers of uv_process_options_t. */
typedef struct cuv_spawn_opts {
  uint32_t args;
  uint32_t env;
  uint32_t stdio;
  uint32_t flags; /* uv_process_flags */
  uint32_t uid;
  uint32_t gid;
  uint32_t slot; /* of the handle */
  uint32_t gen;
} cuv_spawn_opts;

/* process.c */
int cuv_process_spawn(cuv_loop *l, cuv_spawn_opts o, const char *text, size_t len, cuv_stdio *stdio, cuv_handle **out);
int cuv_process_pid(cuv_handle *h);
int cuv_process_kill(cuv_handle *h, int signum);
int cuv_process_close(cuv_handle *h, int kill);

#endif
