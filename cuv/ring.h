/* ring.h: the two rings between Go and C, and the memory around them.
 *
 * Go and C take turns on one goroutine: while Go runs, C does not, and the
 * other way round. Neither ring therefore needs an atomic or a fence; the cgo
 * call is the hand-over. Go mirrors these structs in ring.go; the assertions
 * at the end hold the layouts together.
 */
#ifndef CUV_RING_H
#define CUV_RING_H

#include <stdint.h>

#define CUV_NO_SLOT 0xffffffffu /* a handle or request that nobody owns */
#define CUV_NIL 0xffffffffu     /* end of a chain of submissions */

struct cuv_handle;

/* What Go asks of C. */
enum cuv_op {
  CUV_OP_NONE,     /* taken back */
  CUV_OP_CLOSE = 1,
  CUV_OP_FREE,
  CUV_OP_REF,
  CUV_OP_UNREF,
  CUV_OP_TIMER_INIT,
  CUV_OP_TIMER_START, /* a: due time in ms, b: repeat in ms */
  CUV_OP_TIMER_STOP,
  CUV_OP_TIMER_AGAIN,
  CUV_OP_TIMER_REPEAT, /* b: repeat in ms */
  CUV_OP_PHASE_START,  /* idle, prepare, check */
  CUV_OP_PHASE_STOP,
  CUV_OP_READ_START,
  CUV_OP_READ_STOP,
  CUV_OP_WRITE,    /* a: bytes or uv_buf_t array, b: length or count */
  CUV_OP_SHUTDOWN, /* slot, gen: the request */
  CUV_OP_ACCEPT,   /* take the connection that libuv holds back */
  CUV_OP_UDP_SEND, /* a: cuv_datagram, b: length or count; flags as for CUV_OP_WRITE */
  CUV_OP_UDP_RECV_START,
  CUV_OP_UDP_RECV_STOP,
};

/* Flags of CUV_OP_WRITE. */
enum cuv_write_flag {
  CUV_WRITE_LENT = 1,  /* the bytes stay valid until the completion */
  CUV_WRITE_VECTOR = 2 /* a points to an array of uv_buf_t */
};

/* What C reports to Go. */
enum cuv_event {
  CUV_EV_CLOSE = 1,
  CUV_EV_TIMER,    /* status: whether it goes on */
  CUV_EV_CHECK,
  CUV_EV_SIGNAL,   /* status: the signal's number */
  CUV_EV_POLL,     /* status; aux: the events */
  CUV_EV_READ,     /* status: bytes or error; ptr: borrowed bytes */
  CUV_EV_ACCEPT,   /* status; ptr: the accepted cuv_handle */
  CUV_EV_ACCEPT_WAIT, /* a connection is held back: accepting is paused */
  CUV_EV_UDP_RECV, /* status: bytes or error; ptr: cuv_datagram or NULL; aux: cuv_udp_event */
  CUV_EV_EXIT,     /* status: the signal that ended the child; aux: its exit status */
  CUV_EV_FS_EVENT,
  CUV_EV_FS_POLL,
  CUV_EV_PASSED,   /* status: a descriptor, with the next read; aux: uv_handle_type */
  CUV_EV_WRITTEN,  /* queued bytes left, or failed; aux: bytes still queued */
  CUV_EV_CONNECT,  /* the rest complete a request: slot, gen, status */
  CUV_EV_SHUTDOWN,
  CUV_EV_WRITE,
  CUV_EV_UDP_SEND,
  CUV_EV_FS,
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
  uint32_t next;         /* C: the next write to the same stream */
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
  cuv_sqe *sq;       /* submissions: Go appends, C drains */
  cuv_cqe *cq;       /* completions: C appends and may move it, Go consumes */
  char *out;         /* output arena: copies of small writes, until drained */
  char *in;          /* read arena: borrowed chunks, until the next turn */
  uint32_t sq_len;
  uint32_t sq_cap;
  uint32_t cq_head;
  uint32_t cq_tail;
  uint32_t cq_cap;
  uint32_t out_len;
  uint32_t out_cap;
  uint32_t in_len;
  uint32_t in_cap;
  uint32_t alive;    /* uv_loop_alive at the end of the last turn or flush */
  uint32_t deferred; /* reads put off in this turn for want of arena */
  uint32_t stale;    /* a direct call may have changed what `alive` says */
  uint64_t now_ms;   /* the loop's cached clock */
  uint64_t turns;    /* completed turns */
  uint64_t events;   /* completions appended */
  uint64_t flushes;  /* crossings that only drained submissions */
  int32_t timeout;   /* uv_backend_timeout at the end of the last turn, in ms */
  uint32_t busy;     /* descriptors that the last turn found ready */
  uint64_t busy_poll; /* Go: ns for which a poll that may wait looks before it does */
  uint64_t waited;   /* ns that the last turn took for such a poll, 0: it made none */
  uint32_t quiet;    /* check events that the last turn took back: a wait would go on */
  uint32_t unused;
} cuv_ring;

_Static_assert(sizeof(cuv_sqe) == 40, "ring.go mirrors cuv_sqe");
_Static_assert(sizeof(cuv_cqe) == 32, "ring.go mirrors cuv_cqe");
_Static_assert(sizeof(cuv_ring) == 144, "ring.go mirrors cuv_ring");

#endif
