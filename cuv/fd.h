/* fd.h: the descriptors inside libuv's handles and loops. No other file of cuv names a field
 * of libuv's that holds one: these fields differ from system to system, and Windows has
 * others or none. A test keeps that so. */
#ifndef CUV_FD_H
#define CUV_FD_H

#include <string.h>

#include "cuv.h"

/* The descriptor of libuv's handle, or libuv's error: UV_EBADF if it has none or is closing.
 * On Windows that is a HANDLE, of which the system uses 32 bits. */
static inline int cuv_uv_fd(const uv_handle_t *uv) {
  uv_os_fd_t fd;
  int r = uv_fileno(uv, &fd);
  return r < 0 ? r : (int)(intptr_t)fd;
}

/* The same of a handle of ours. */
static inline int cuv_fd(const cuv_handle *h) { return cuv_uv_fd(&h->uv.handle); }

#ifdef _WIN32
/* Connections that libuv has accepted and nobody has taken have no number there: libuv keeps
 * requests. Nor does libuv keep a descriptor in reserve. */
static inline int *cuv_fd_accepted(cuv_handle *h) { return (void)h, NULL; }
static inline int *cuv_fd_reserve(cuv_loop *l) { return (void)l, NULL; }
#else
/* Where a listener keeps the connection that it has accepted and nobody has taken yet, or -1. */
static inline int *cuv_fd_accepted(cuv_handle *h) { return &h->uv.stream.accepted_fd; }

/* Where the loop keeps its descriptor in reserve, or -1. */
static inline int *cuv_fd_reserve(cuv_loop *l) { return &l->uv.emfile_fd; }

/* Makes a pipe that only holds a descriptor, or -1, for one call of libuv. The loop does not
 * know the handle, so it needs no close. */
static inline void cuv_fd_wrap(uv_pipe_t *c, uv_loop_t *loop, int fd) {
  memset(c, 0, sizeof *c);
  c->loop = loop;
  c->type = UV_NAMED_PIPE;
  c->io_watcher.fd = fd;
}
#endif

#ifdef __linux__
/* Where the loop keeps the descriptor by which it watches files, or -1. */
static inline int *cuv_fd_inotify(cuv_loop *l) { return &l->uv.inotify_fd; }
#endif

#endif
