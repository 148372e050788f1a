/* cuv.h: the C half of uvgo. One .c file per libuv area, libuv's own stems. */
#ifndef CUV_H
#define CUV_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#if UV_VERSION_HEX < 0x013000
#error "uvgo needs libuv 1.48 or newer: run `make libuv` in uvgo's checkout and put its third_party/libuv/build first on PKG_CONFIG_PATH, or install a newer libuv1-dev"
#endif
#if UINTPTR_MAX < 0xffffffffffffffff
#error "uvgo needs a 64-bit system: this C compiler's pointers are shorter"
#endif

#include "ring.h"

/* Run modes of cuv_turn. */
enum cuv_mode {
  CUV_RUN_ONCE = 1,   /* may block */
  CUV_RUN_NOWAIT = 2, /* polls without blocking */
  CUV_RUN_TIMERS = 3, /* only the timers that are due: how UV_RUN_DEFAULT begins */
  CUV_RUN_LOOK = 4,   /* a piece of a wait that is made elsewhere: polls without blocking */
};

/* Bounds of cuv_loop.batch, but for SetBatchMax; Go's own poller takes 128, too. */
enum { CUV_BATCH_MIN = 8, CUV_BATCH_MAX = 128 };

/* Bytes of a short read. */
enum { CUV_SHORT_READ = 4096 };

/* Flags of cuv_handle. */
enum cuv_handle_flag {
  CUV_PAUSED = 1,  /* listener: leave connections to the kernel */
  CUV_NODELAY = 2, /* listener: accepted connections get TCP_NODELAY */
  CUV_IPC = 4,     /* pipe: passes descriptors */
  CUV_REAPING = 8, /* process: closes when the child has been reaped */
  CUV_SHORT = 16,  /* stream: reads CUV_SHORT_READ at most, and once a turn */
};

/* A libuv handle with what Go shares in front of it. Go mirrors all but the
 * libuv part (Handle in ring.go). */
typedef struct cuv_handle {
  uint32_t slot;   /* Go's index, or CUV_NO_SLOT */
  uint32_t gen;    /* Go's generation; C copies it into every event */
  uint64_t queued; /* bytes in libuv's write queue */
  uint8_t kind;    /* uv_handle_type */
  uint8_t flags;   /* cuv_handle_flag */
  uint16_t chunks; /* chunks read in turn `turn` */
  uint32_t turn;   /* signals: how many were caught before the start */
  uint32_t wfirst; /* the drain's unsent writes to this stream, or CUV_NIL */
  uint32_t wlast;  /* the last of them; CUV_NIL: not among the loop's `writes` */
  struct cuv_handle *wnext; /* the drain's next stream with writes */
  uint32_t writes;          /* write requests that libuv has not called back */
  int32_t failed;           /* what a write that nobody waits for failed with */
  uint32_t era;             /* era of the loop in which it was last read */
  union {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
    uv_timer_t timer;
    uv_async_t async;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle;
    uv_signal_t signal;
    uv_poll_t poll;
    uv_udp_t udp;
    uv_tty_t tty;
    uv_process_t process;
    uv_fs_event_t fs_event;
    uv_fs_poll_t fs_poll;
  } uv;
} cuv_handle;

_Static_assert(offsetof(cuv_handle, uv) == 56, "handle.c allocates head and libuv part as one");
_Static_assert(offsetof(cuv_handle, failed) == 44, "ring.go mirrors the head of cuv_handle");

/* A loop: the shared ring first, so that one pointer serves both sides. */
typedef struct cuv_loop {
  cuv_ring ring;
  uv_loop_t uv;
  uv_async_t wake;    /* ends a blocking poll from another goroutine */
  uv_idle_t force;    /* makes one non-blocking round of a loop that just died */
  uv_timer_t first;   /* ends the timers-only run of CUV_RUN_TIMERS */
  cuv_handle *writes; /* streams with writes in the current drain */
  uint32_t turn;      /* number of this turn, compared with cuv_handle.turn */
  uint32_t era;       /* goes on with every turn in which the arena sufficed */
  uint32_t short_of;  /* streams that found the arena full in this turn */
  uint32_t max_chunks;
  uint32_t packed;     /* recvmmsg: end of the datagrams that lie side by side */
  uint32_t fail_arena; /* tests: pretend that the read arena cannot be had */
  uint32_t grown;      /* the read arena holds pages beyond arena_keep */
  uint32_t calm;       /* turns in a row that did not need them */
  uint32_t batch;      /* descriptors that the next poll asks for */
  uint32_t batch_max;  /* and that one asks for at most */
  uint32_t listeners;
  uint32_t barren;     /* turns in a row that polled, yet brought nothing */
  uint64_t polled;     /* libuv's event count after the last turn */
  struct cuv_lent *lent; /* what events of this turn carry to Go, see lend.c */
  uint32_t fs_events;    /* changes of files in this turn, see fsevent.c */
  int inotify;           /* libuv's descriptor while dry is in its place, or -1 */
  int dry;               /* a descriptor that never has anything, or -1 */
  int sheds;             /* libuv's reserve of a descriptor is ours, see shed.c */
  int reserve;           /* that descriptor, or -1 */
  int shed;              /* the last turn has shed load */
  struct cuv_host *host; /* where it lives in a loop that others run, or NULL */
} cuv_loop;

/* An address as it crosses the border: 4 or 16 bytes, port in host order. */
typedef struct cuv_addr {
  uint8_t ip[16];
  uint32_t scope;
  uint16_t port;
  uint16_t family; /* 4, 6, or 0: none */
} cuv_addr;

/* An IPv4 address in 64 bits: kind << 48 | port << 32 | address. */
enum cuv_peer {
  CUV_PEER_IP4 = 1,
  CUV_PEER_MAPPED = 2, /* inside IPv6 */
};

/* The handle around a libuv handle. */
static inline cuv_handle *cuv_of(const void *uv) {
  return (cuv_handle *)((char *)uv - offsetof(cuv_handle, uv));
}

/* The loop that a handle lives on. */
static inline cuv_loop *cuv_loop_of(const cuv_handle *h) {
  return (cuv_loop *)((char *)h->uv.handle.loop - offsetof(cuv_loop, uv));
}

/* ring.c */
void cuv_push(cuv_loop *l, uint32_t kind, uint32_t slot, uint32_t gen, int32_t status, void *ptr, uint64_t aux);
void cuv_push_handle(cuv_handle *h, uint32_t kind, int32_t status, void *ptr, uint64_t aux);
void cuv_drain(cuv_loop *l);
int cuv_run(cuv_loop *l, uv_run_mode mode);
void cuv_recv_next(void);
void cuv_flush(cuv_loop *l);
int cuv_turn(cuv_loop *l, int mode, int force);

/* lend.c */
void *cuv_lend(cuv_loop *l, const void *p, size_t n);
int cuv_lends(const cuv_cqe *e);
void cuv_lend_reset(cuv_loop *l);
void cuv_lend_free(cuv_loop *l);
size_t cuv_lend_size(const cuv_loop *l);

/* shed.c */
void cuv_shed_init(cuv_loop *l);
void cuv_shed_free(cuv_loop *l);
void cuv_shed(cuv_loop *l);
void cuv_shed_end(cuv_loop *l);

/* loop.c */
int cuv_loop_new(cuv_loop **out, uint32_t in_cap, uint32_t out_cap, uint32_t sq_cap);
int cuv_loop_close(cuv_loop *l);
void cuv_loop_free(cuv_loop *l);
int cuv_loop_alive(cuv_loop *l);
int cuv_loop_backend_timeout(cuv_loop *l);
int cuv_loop_backend_fd(cuv_loop *l);
void cuv_loop_update_time(cuv_loop *l);
void cuv_loop_hold(cuv_loop *l, int on);
int cuv_loop_wake(cuv_loop *l);
int cuv_loop_handles(cuv_loop *l);
int cuv_uv_loop_delete(uv_loop_t *loop);
uint64_t cuv_hrtime(void);

/* handle.c */
cuv_handle *cuv_handle_alloc(uv_handle_type kind);
int cuv_handle_new(cuv_loop *l, int kind, int ipc, uint32_t slot, uint32_t gen, cuv_handle **out);
void cuv_on_async(uv_async_t *a);
void cuv_handle_free(cuv_handle *h);
void cuv_handle_close(cuv_handle *h);
int cuv_handle_only_strays(uv_loop_t *l);
int cuv_handle_renew(cuv_handle *h, cuv_handle **out);
int cuv_handle_is_active(cuv_handle *h);
int cuv_handle_has_ref(cuv_handle *h);
int cuv_handle_fileno(cuv_handle *h);
int cuv_handle_buffer_size(cuv_handle *h, int send, int n);

/* error.c */
const char *cuv_err_name(int err, char *buf, size_t n);
const char *cuv_strerror(int err, char *buf, size_t n);

/* pool.c */
int cuv_pool_enter(sigset_t *old);
void cuv_pool_leave(int entered, const sigset_t *old);

/* stream.c */
void cuv_stream_op(cuv_loop *l, cuv_sqe *e);
void cuv_stream_queue(cuv_loop *l, uint32_t i);
void cuv_stream_flush(cuv_loop *l, cuv_handle *h);
int64_t cuv_stream_try_write(cuv_handle *h, const char *p, size_t n);
int64_t cuv_stream_write(cuv_handle *h, const char *p, size_t n);
int cuv_stream_is_readable(cuv_handle *h);
int cuv_stream_is_writable(cuv_handle *h);
size_t cuv_stream_write_queue_size(cuv_handle *h);

/* listen.c */
int cuv_stream_listen(cuv_handle *h, int backlog);
void cuv_stream_accept(cuv_handle *h);
void cuv_stream_pause(cuv_handle *h, int on);
int cuv_stream_set_blocking(cuv_handle *h, int on);

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

/* ipc.c */
int cuv_ipc_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n, uint32_t slot, uint32_t gen);
int cuv_ipc_try_write(cuv_handle *h, cuv_handle *sent, int fd, const char *p, size_t n);

/* tty.c */
int cuv_tty_new(cuv_loop *l, int fd, uint32_t slot, uint32_t gen, cuv_handle **out);
int cuv_tty_set_mode(cuv_handle *h, int mode);
void cuv_tty_close(cuv_handle *h);
int cuv_tty_winsize(cuv_handle *h, int *width, int *height);
int cuv_tty_reset_mode(void);
int cuv_guess_handle(int fd);

/* fsevent.c */
#if defined(__APPLE__)
#define CUV_FS_EVENT_FLAGS UV_FS_EVENT_RECURSIVE
#else
#define CUV_FS_EVENT_FLAGS 0 /* libuv ignores the others */
#endif
int cuv_fs_event_start(cuv_handle *h, const char *path, unsigned flags);
int cuv_fs_event_stop(cuv_handle *h);
void cuv_fs_event_turn(cuv_loop *l);
void cuv_fs_event_free(cuv_loop *l);
int cuv_fs_event_path(cuv_handle *h, char *buf, size_t *n);

/* fspoll.c */
int cuv_fs_poll_start(cuv_handle *h, const char *path, unsigned interval_ms);
int cuv_fs_poll_stop(cuv_handle *h);
int cuv_fs_poll_path(cuv_handle *h, char *buf, size_t *n);

/* timer.c, async.c, prepare.c, check.c, idle.c */
void cuv_timer_op(cuv_loop *l, cuv_sqe *e);
int cuv_timer_stock(cuv_loop *l, cuv_handle **out, int n);
uint64_t cuv_timer_repeat(cuv_handle *h);
uint64_t cuv_timer_due_in(cuv_handle *h);
int cuv_prepare_set(cuv_handle *h, int on);
int cuv_check_set(cuv_handle *h, int on);
int cuv_idle_set(cuv_handle *h, int on);

/* poll.c */
int cuv_poll_new(cuv_loop *l, int fd, uint32_t slot, uint32_t gen, cuv_handle **out, int *dup);
void cuv_poll_close(cuv_handle *h);
int cuv_poll_set(cuv_handle *h, int events);

/* iouring.c */
int cuv_uv_loop_init(uv_loop_t *loop);
void cuv_stdio_fill(void);
void cuv_stdio_socket(const cuv_handle *h);
int cuv_stdio_lift(int fd);
uv_loop_t *cuv_uv_loop_new(void);
uv_loop_t *cuv_uv_default_loop(void);

/* signal.c, sigaction.c */
int cuv_signal_start(cuv_handle *h, int signum, int oneshot);
int cuv_signal_stop(cuv_handle *h);
int cuv_sigaction_works(void);
void cuv_sigaction_enter(void);
void cuv_sigaction_leave(void);
void *cuv_sighook(void *runtimes);

#endif
