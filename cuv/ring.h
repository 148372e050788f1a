/* ring.h: the two rings between Go and C, and the memory around them.
 *
 * Go and C take turns on one goroutine: while Go runs, C does not, and the
 * other way round. Neither ring therefore needs an atomic or a fence; the cgo
 * call is the hand-over. Go mirrors these structs in ring.go; layout.go compares the
 * mirrors with them field by field.
 */
#ifndef CUV_RING_H
#define CUV_RING_H

#include <stdint.h>

#define CUV_NO_SLOT 0xffffffffu /* a handle or request that nobody owns */
#define CUV_NIL 0xffffffffu     /* the index of no submission */

struct cuv_handle;

/* What Go asks of C: the op of a submission, and what its fields mean for it. A field
 * that is not named is 0. "request" stands for slot and gen: the Go request that
 * waits for the end, or CUV_NO_SLOT. h is the handle. */
enum cuv_op {
  CUV_OP_NONE,            /* Go has taken the submission back */
  CUV_OP_CLOSE,
  CUV_OP_FREE,
  CUV_OP_REF,
  CUV_OP_UNREF,
  CUV_OP_TIMER_INIT,
  CUV_OP_TIMER_START,     /* a: due time in ms, b: repeat in ms */
  CUV_OP_TIMER_STOP,
  CUV_OP_TIMER_AGAIN,
  CUV_OP_TIMER_REPEAT,    /* b: repeat in ms */
  CUV_OP_PHASE_START,     /* h: an idle, prepare or check handle */
  CUV_OP_PHASE_STOP,      /* as CUV_OP_PHASE_START */
  CUV_OP_READ_START,      /* a: 1 for reads of CUV_SHORT_READ bytes at most */
  CUV_OP_READ_STOP,
  CUV_OP_WRITE,           /* request; flags: cuv_write_flag; a: address of the bytes, b: their number;
                             with CUV_WRITE_VECTOR a: address of an array of uv_buf_t, b: its length */
  CUV_OP_SHUTDOWN,        /* request */
  CUV_OP_ACCEPT,          /* accept the connection that libuv has kept while accepting was paused */
  CUV_OP_UDP_SEND,        /* request; flags: cuv_write_flag; a: address of a cuv_datagram, b: bytes;
                             with CUV_WRITE_VECTOR b: entries of its vector */
  CUV_OP_UDP_RECV_START,
  CUV_OP_UDP_RECV_STOP,
  CUV_OPS                 /* how many there are */
};

/* Flags of CUV_OP_WRITE. */
enum cuv_write_flag {
  CUV_WRITE_LENT = 1,  /* the bytes stay valid until the completion */
  CUV_WRITE_VECTOR = 2 /* a points to an array of uv_buf_t */
};

/* What C reports to Go: the kind of a completion, and what its fields mean for it. A
 * field that is not named is 0 or NULL; ring.go and its neighbours have a method for
 * each meaning. "error" stands for status 0, or libuv's error code. */
enum cuv_event {
  /* Of handles: slot and gen are the handle's. */
  CUV_EV_CLOSE = 1,   /* ptr: the cuv_handle, which Go frees */
  CUV_EV_TIMER,       /* status: 1 if the timer repeats, else 0 */
  CUV_EV_CHECK,
  CUV_EV_SIGNAL,      /* status: the signal's number */
  CUV_EV_POLL,        /* error; aux: uv_poll_event */
  CUV_EV_READ,        /* status: number of bytes, or error; ptr: the borrowed bytes */
  CUV_EV_ACCEPT,      /* status 0: a connection; ptr: its cuv_handle, aux: its peer as cuv_peer has it.
                         status < 0: error; aux: connections closed for want of a descriptor or memory */
  CUV_EV_ACCEPT_WAIT, /* accepting is paused, and libuv keeps a connection */
  CUV_EV_UDP_RECV,    /* status: number of bytes, or error; aux: cuv_udp_event; ptr: a cuv_datagram or
                         NULL. For an error its address is what caused the error */
  CUV_EV_EXIT,        /* status: the signal that ended the child, or 0; aux: its exit status */
  CUV_EV_FS_EVENT,    /* error; aux: uv_fs_event in the low half, the name's length in the high half;
                         ptr: the lent name, without a NUL */
  CUV_EV_FS_POLL,     /* error; ptr: two lent uv_stat_t, before and now, or NULL */
  CUV_EV_PASSED,      /* status: a descriptor, which belongs to the next CUV_EV_READ; aux: uv_handle_type */
  CUV_EV_WRITTEN,     /* error; aux: bytes that are still queued */
  /* Of requests: slot and gen are the request's. All have an error. */
  CUV_EV_CONNECT,
  CUV_EV_SHUTDOWN,
  CUV_EV_WRITE,       /* aux: bytes of it that the kernel has taken; 0 of one with a descriptor that was queued */
  CUV_EV_UDP_SEND,    /* aux: bytes that are still queued on the handle */
  CUV_EV_FS,          /* ptr: the cuv_fs_req */
  CUV_EV_ADDRINFO,
  CUV_EV_NAMEINFO,
  CUV_EV_RANDOM,
};

/* A submission, 40 bytes:
 *
 *   0        1         2         4          8         16     24     32      36
 *   | op u8  | flags u8| pad u16 | slot u32 | handle  | a    | b    | gen   | next u32 |
 */
typedef struct cuv_sqe {
  uint8_t op;
  uint8_t flags;
  uint16_t pad;
  uint32_t slot;         /* request slot, or CUV_NO_SLOT */
  struct cuv_handle *h;
  uint64_t a;
  uint64_t b;
  uint32_t gen;          /* generation of the request */
  uint32_t next;         /* C's: the next submission of the same chain, or CUV_NIL */
} cuv_sqe;

/* A completion, 32 bytes:
 *
 *   0          4          8         12           16      24
 *   | kind u32 | slot u32 | gen u32 | status i32 | ptr   | aux u64 |
 */
typedef struct cuv_cqe {
  uint32_t kind;
  uint32_t slot;
  uint32_t gen;
  int32_t status;
  void *ptr;
  uint64_t aux;
} cuv_cqe;

/* The part of a loop that Go reads and writes without crossing. */
typedef struct cuv_ring {
  cuv_sqe *sq;        /* submissions: Go appends, C drains */
  cuv_cqe *cq;        /* completions: C appends and may move it, Go consumes */
  char *out;          /* output arena: copies of small writes, until drained */
  char *in;           /* read arena: borrowed chunks, until the next turn */
  uint32_t sq_len;
  uint32_t sq_limit;  /* Go drains before it appends beyond: sq_cap, or 0 between a host's turns */
  uint32_t cq_head;
  uint32_t cq_tail;
  uint32_t cq_cap;
  uint32_t out_len;
  uint32_t out_cap;
  uint32_t in_len;
  uint32_t in_cap;
  uint32_t alive;     /* uv_loop_alive at the end of the last turn or flush */
  uint32_t deferred;  /* reads put off in this turn for want of arena */
  uint32_t stale;     /* a direct call may have changed what `alive` says */
  uint64_t now_ms;    /* the loop's cached clock */
  uint64_t turns;     /* completed turns */
  uint64_t events;    /* completions appended */
  uint64_t flushes;   /* crossings that only drained submissions */
  int32_t timeout;    /* uv_backend_timeout at the end of the last turn, in ms */
  uint32_t ready;     /* descriptors that the last turn found ready */
  uint64_t busy_poll; /* Go's: ns for which a poll that may wait polls without waiting first */
  uint64_t waited;    /* ns that the last turn spent in a poll that may wait; 0 without such a poll */
  uint32_t retracted; /* check events that the last turn took back, because its wait has not ended */
  uint32_t sq_cap;    /* entries that sq has memory for */
  uint32_t in_base;   /* Go's: where turns begin to use the read arena; what is before it is kept */
  uint32_t lent_kept; /* Go's: events of earlier turns that point to lent memory, see lend.c */
  uint64_t unsent;    /* bytes of the writes that wait in libuv's queues: each counts until all of it is sent */
  uint64_t began;     /* Go's: when the callback that runs began, by Go's clock; 0: none runs. The watchdog reads it */
  uint64_t stuck;     /* callbacks that the watchdog has found */
} cuv_ring;

_Static_assert(sizeof(cuv_sqe) == 40, "layout.go mirrors cuv_sqe");
_Static_assert(sizeof(cuv_cqe) == 32, "layout.go mirrors cuv_cqe");
_Static_assert(sizeof(cuv_ring) == 176, "layout.go mirrors cuv_ring");

#endif
