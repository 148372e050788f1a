/* stream.h: TCP connections, pipes and terminals as byte streams. */
#ifndef CUV_STREAM_H
#define CUV_STREAM_H

#include "cuv.h"

/* Bytes of a short read. */
enum { CUV_SHORT_READ = 4096 };

/* cuv_handle.flags.stream. */
enum cuv_stream_flag {
  CUV_STREAM_SHORT = 1,   /* reads CUV_SHORT_READ bytes at most, and once a turn */
  CUV_STREAM_PAUSED = 2,  /* a listener: leaves connections to the kernel */
  CUV_STREAM_NODELAY = 4, /* a listener: accepted connections get TCP_NODELAY */
  CUV_STREAM_IPC = 8,     /* a pipe: passes descriptors */
};

/* stream.c */
void cuv_stream_alloc(uv_handle_t *uv, size_t suggested, uv_buf_t *buf);
void cuv_stream_on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);
int cuv_stream_read_start(cuv_handle *h);
int cuv_stream_is_readable(cuv_handle *h);
int cuv_stream_is_writable(cuv_handle *h);
size_t cuv_stream_write_queue_size(cuv_handle *h);
int cuv_stream_set_blocking(cuv_handle *h, int on);

/* write.c */
void cuv_stream_wrote(cuv_handle *h, uint32_t slot, uint32_t gen, int status, uint64_t taken, int cancelled);
void cuv_stream_send(cuv_loop *l, cuv_sqe *first);
int64_t cuv_stream_try_write(cuv_handle *h, const char *p, size_t n);
int64_t cuv_stream_write(cuv_handle *h, const char *p, size_t n);
void cuv_stream_shutdown(cuv_loop *l, cuv_sqe *e);

/* write_cancel.c */
int cuv_stream_cancel(cuv_handle *h, uint32_t slot, uint32_t gen);

/* listen.c */
int cuv_stream_listen(cuv_handle *h, int backlog);
void cuv_stream_accept(cuv_handle *h);
void cuv_stream_pause(cuv_handle *h, int on);

/* ipc.c */
int cuv_ipc_read_start(cuv_handle *h);
int cuv_ipc_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n, uint32_t slot, uint32_t gen);
int cuv_ipc_try_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n);

/* tcp.c */
int cuv_tcp_open(cuv_handle *h, int fd);
int cuv_tcp_bind(cuv_handle *h, cuv_addr addr, unsigned flags);
int cuv_tcp_connect(cuv_handle *h, cuv_addr addr, uint32_t slot, uint32_t gen);
int cuv_tcp_sockname(cuv_handle *h, int peer, cuv_addr *out);
int cuv_tcp_nodelay(cuv_handle *h, int on);
int cuv_tcp_keepalive(cuv_handle *h, int on, unsigned delay_s);
int cuv_tcp_close_reset(cuv_handle *h);
int cuv_tcp_reuseport(void);
int cuv_tcp_new(cuv_loop *l, int family, uint32_t slot, uint32_t gen, cuv_handle **out);
int cuv_tcp_keepalive_ex(cuv_handle *h, int on, unsigned idle_s, unsigned interval_s, unsigned count);
int cuv_tcp_socketpair(int type, int protocol, int nonblock, int *fds);

/* pipe.c */
int cuv_pipe_open(cuv_handle *h, int fd);
int cuv_pipe_bind(cuv_handle *h, const char *name, size_t n);
int cuv_pipe_connect(cuv_handle *h, const char *name, size_t n, uint32_t slot, uint32_t gen);
int cuv_pipe_sockname(cuv_handle *h, int peer, char *buf, size_t *n);
int cuv_pipe_chmod(cuv_handle *h, int flags);
int cuv_pipe_pair(int nonblock, int *fds);

#endif
