/* cuv.h: the C half of uvgo. One .c file per libuv area, libuv's own stems.
 *
 * Files in order: each calls only what stands behind it in this list. internal/lint
 * compares the list with the calls, and the headings of the headers, such as "ring.c"
 * below, with the definitions.
 *
 *   operations      ops.c
 *   loops           loop.c turn.c adopt.c
 *   streams         ipc.c stream.c write.c write_cancel.c listen.c tcp.c pipe.c tty.c connect.c
 *   datagrams       udp.c udp_send.c udp_option.c
 *   other handles   handle_direct.c timer.c async.c prepare.c check.c idle.c poll.c signal.c
 *                   process.c fsevent.c fspoll.c
 *   requests        fs.c copyfile.c direntry.c getaddrinfo.c getnameinfo.c random.c pool.c
 *   rings           drain.c emfile.c handle.c ring.c lend.c
 *   libuv's calls   interpose.c child.c epoll.c iouring.c recv.c
 *   signals         sigaction.c sighook.c sigforward.c sigstate.c
 *   the system      metrics.c sysinfo.c outside.c watchdog.c error.c stdio.c addr.c next.c alloc.c
 *
 * Three calls go the other way, through a pointer: drain.c finds operations in the table
 * of ops.c, cuv_kick asks adopt.c for a turn, and sigforward.c calls what sigaction.c has
 * given it.
 */
#ifndef CUV_H
#define CUV_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#if UV_VERSION_HEX < 0x013000
#error "uvgo needs libuv 1.48 or newer: run `go run github.com/uvgo/uvgo/cmd/libuv -w`, which builds one, or install a newer libuv1-dev"
#endif
#if UINTPTR_MAX < 0xffffffffffffffff
#error "uvgo needs a 64-bit system: this C compiler's pointers are shorter"
#endif

#include "alloc.h"
#include "ring.h"
#include "watchdog.h"

/* Run modes of cuv_turn. */
enum cuv_mode {
  CUV_RUN_ONCE = 1,   /* may block */
  CUV_RUN_NOWAIT = 2, /* polls without blocking */
  CUV_RUN_TIMERS = 3, /* only the timers that are due: how UV_RUN_DEFAULT begins */
  CUV_RUN_PROBE = 4,  /* one of the turns that make up a wait of the caller's: polls without blocking */
};

/* Bounds of cuv_loop.batch, but for SetBatchMax; Go's own poller takes 128, too. */
enum { CUV_BATCH_MIN = 8, CUV_BATCH_MAX = 128 };

/* A libuv handle with what Go shares in front of it: all but the libuv part is its
 * head. Go mirrors what it uses of both (Handle in ring.go).
 *
 * Every idle connection has a head. glibc's malloc takes 8 bytes more than it is asked for, and
 * rounds up to 16: a uv_tcp_t behind 32 bytes takes 288, behind one more it takes 304. So the
 * head has nothing that libuv's part can hold: the bytes in the write queue are libuv's own
 * count, and `data`, which libuv leaves to its users, links the handles of the loop's `chains`. */
typedef struct cuv_handle {
  uint32_t slot;   /* Go's index, or CUV_NO_SLOT */
  uint32_t gen;    /* Go's generation; C copies it into every event */
  uint8_t kind;    /* uv_handle_type */
  union {          /* by kind */
    uint8_t stream;  /* cuv_stream_flag, in stream.h */
    uint8_t udp;     /* cuv_udp_flag, in udp.h */
    uint8_t process; /* cuv_process_flag, in child_process.h */
  } flags;
  uint8_t chained;         /* among the loop's `chains` */
  uint8_t yields;          /* does not read in turn read.turn: others have yet to read */
  uint32_t last;           /* its chain: the last of the submissions that the drain has not sent, whose
                              next is the first; or CUV_NIL */
  uint32_t writes;         /* write requests that libuv has not called back */
  int16_t failed;          /* what a write that nobody waits for failed with */
  uint16_t chunks;         /* streams and UDP handles: chunks or datagrams read in turn read.turn, or the
                              most that fits */
  union {                  /* by kind */
    struct {               /* streams and UDP handles */
      uint32_t turn;       /* the turn that `chunks` and `yields` are about */
      uint32_t round;      /* the loop's read round in which it last had memory */
    } read;
    struct {
      uint32_t caught; /* how many signals libuv had caught before the start */
    } signal;
  };
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

_Static_assert(offsetof(cuv_handle, uv) == 32, "every idle connection has a head: see what it costs before it grows");

_Static_assert(offsetof(cuv_handle, uv.stream.write_queue_size) == offsetof(cuv_handle, uv.udp.send_queue_size),
               "Go and cuv_queued read both by one field");

struct cuv_write_req;
enum { CUV_CANCEL_LISTS = 64 /* lists of a loop's writes that can be cancelled */ };

/* A loop: the shared ring first, so that one pointer serves both sides. */
typedef struct cuv_loop {
  cuv_ring ring;
  uv_loop_t uv;
  uv_async_t wake;         /* ends a blocking poll from another goroutine */
  uv_idle_t force;         /* makes one non-blocking round of a loop that just died */
  uv_timer_t timers_only;  /* ends the run of CUV_RUN_TIMERS */
  cuv_handle *chains;      /* handles with a chain in the current drain */

  /* Reading, see stream.c. */
  uint32_t turn;        /* the number of this turn */
  uint32_t round;       /* grows with every turn in which the arena sufficed */
  uint32_t starved;     /* handles that found the arena full in this turn */
  uint32_t max_chunks;  /* chunks of one stream in one turn */
  uint32_t packed;      /* recvmmsg: end of the datagrams that lie side by side */
  uint32_t fail_arena;  /* tests: no handle finds memory to read into */
  uint32_t arena_large; /* the read arena holds pages beyond what stays, see turn.c */
  uint32_t arena_small; /* turns in a row that did without them */

  /* Polling, see turn.c. */
  uint32_t batch;        /* descriptors that the next poll asks for */
  uint32_t batch_max;    /* and that one asks for at most */
  uint32_t listeners;
  uint32_t empty_polls;  /* turns in a row that found descriptors ready, yet brought no event */
  uint64_t polled;       /* libuv's event count after the last turn */

  struct cuv_lent *lent; /* what events of this turn carry to Go, see lend.c */

  /* File events, see fsevent.c. */
  uint32_t fs_events;    /* changes of files in this turn */
  int inotify;           /* libuv's descriptor while never_ready is in its place, or -1 */
  int never_ready;       /* a descriptor that never has anything, or -1 */

  /* Listeners without a free descriptor, see emfile.c. */
  int emfile_ours;       /* libuv's reserve of a descriptor has been taken over */
  int reserve;           /* that descriptor, or -1 */
  int dropped;           /* the connection that was dropped last, open until the next turn, or -1 */
  int has_dropped;       /* the last turn has dropped connections */

  cuv_watch watch;       /* see watchdog.c */

  struct cuv_write_req *cancelable[CUV_CANCEL_LISTS]; /* queued writes that Go can cancel, see write_cancel.c */

  /* Of a loop that lives in one that others run, see adopt.c; else NULL. */
  struct cuv_host *host;
  void (*kick)(struct cuv_loop *); /* asks the host for a turn */
  uv_handle_t *keep;               /* a handle on this loop that serves the host */
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

/* Bytes in the write queue of a stream, or in that of a UDP handle's sends. */
static inline uint64_t cuv_queued(const cuv_handle *h) { return h->uv.stream.write_queue_size; }

/* Whether a stream listens. */
static inline int cuv_listens(const cuv_handle *h) {
#ifdef _WIN32
  return h->uv.stream.stream.serv.connection_cb != NULL;
#else
  return h->uv.stream.connection_cb != NULL;
#endif
}

/* Whether a stream is connecting. On Windows libuv does not tell. */
static inline int cuv_connects(const cuv_handle *h) {
#ifdef _WIN32
  return (void)h, 0;
#else
  return h->uv.stream.connect_req != NULL;
#endif
}

/* Counts what was read in this turn. */
static inline void cuv_count_chunk(cuv_handle *h) {
  if (h->chunks != UINT16_MAX) h->chunks++;
}

/* Asks for a turn of a loop that lives in another's: Go did something outside of one. */
static inline void cuv_kick(cuv_loop *l) {
  if (l->kick != NULL) l->kick(l);
}

/* lend.c */
void *cuv_lend(cuv_loop *l, const void *p, size_t n);
int cuv_lends(const cuv_cqe *e);
void cuv_lend_reset(cuv_loop *l);
void cuv_lend_free(cuv_loop *l);
size_t cuv_lend_size(const cuv_loop *l);

/* stdio.c */
void cuv_stdio_fill(void);
void cuv_stdio_socket(const cuv_handle *h);
int cuv_stdio_above(int fd);
int cuv_stdio_lift(int fd);

/* error.c */
const char *cuv_err_name(int err, char *buf, size_t n);
const char *cuv_strerror(int err, char *buf, size_t n);

/* ring.c */
void cuv_push(cuv_loop *l, uint32_t kind, uint32_t slot, uint32_t gen, int32_t status, void *ptr, uint64_t aux);
void cuv_push_handle(cuv_handle *h, uint32_t kind, int32_t status, void *ptr, uint64_t aux);
int cuv_ring_compact(cuv_loop *l);

/* iouring.c */
int cuv_uv_loop_init(uv_loop_t *loop);
int cuv_uv_loop_new(uv_loop_t **out);
int cuv_uv_default_loop(uv_loop_t **out, int exists);

/* recv.c */
void cuv_recv_next(void);

/* pool.c */
int cuv_pool_enter(void);
void cuv_pool_leave(int entered);

/* epoll.c */
int cuv_run(cuv_loop *l, uv_run_mode mode);

/* handle.c */
cuv_handle *cuv_handle_alloc(uv_handle_type kind);
void cuv_handle_free(cuv_handle *h);
void cuv_handle_close(cuv_handle *h);
void cuv_handle_on_close(uv_handle_t *uv);
int cuv_handle_only_strays(uv_loop_t *l);

/* drain.c */
void cuv_drain(cuv_loop *l);
void cuv_flush(cuv_loop *l);
int cuv_alive(cuv_loop *l);

/* emfile.c */
void cuv_emfile_init(cuv_loop *l);
void cuv_emfile_free(cuv_loop *l);
void cuv_emfile_drop(cuv_loop *l);
void cuv_emfile_end(cuv_loop *l);

/* handle_direct.c */
int cuv_handle_new(cuv_loop *l, int kind, int ipc, uint32_t slot, uint32_t gen, cuv_handle **out);
int cuv_handle_renew(cuv_handle *h, cuv_handle **out);
int cuv_handle_is_active(cuv_handle *h);
int cuv_handle_has_ref(cuv_handle *h);
int cuv_handle_fileno(cuv_handle *h);
int cuv_handle_buffer_size(cuv_handle *h, int send, int n);

/* timer.c */
void cuv_timer_init(cuv_loop *l, cuv_sqe *e);
void cuv_timer_start(cuv_loop *l, cuv_sqe *e);
void cuv_timer_stop(cuv_loop *l, cuv_sqe *e);
void cuv_timer_again(cuv_loop *l, cuv_sqe *e);
void cuv_timer_set_repeat(cuv_loop *l, cuv_sqe *e);
int cuv_timer_stock(cuv_loop *l, cuv_handle **out, int n);
uint64_t cuv_timer_repeat(cuv_handle *h);
uint64_t cuv_timer_due_in(cuv_handle *h);

/* async.c */
void cuv_on_async(uv_async_t *a);

/* prepare.c */
int cuv_prepare_set(cuv_handle *h, int on);

/* check.c */
int cuv_check_set(cuv_handle *h, int on);

/* idle.c */
int cuv_idle_set(cuv_handle *h, int on);

/* poll.c */
int cuv_poll_new(cuv_loop *l, int fd, uint32_t slot, uint32_t gen, cuv_handle **out, int *dup);
void cuv_poll_close(cuv_handle *h);
int cuv_poll_set(cuv_handle *h, int events);

/* signal.c */
int cuv_signal_start(cuv_handle *h, int signum, int oneshot);
int cuv_signal_stop(cuv_handle *h);

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

/* turn.c */
int cuv_turn(cuv_loop *l, int mode, int force);

/* loop.c */
char *cuv_arena_new(uint32_t n);
void cuv_arena_free(char *p, uint32_t n);
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

#endif
