/* udp.h: datagrams across the border. */
#ifndef CUV_UDP_H
#define CUV_UDP_H

#include "cuv.h"

/* A datagram to send, in the output arena, or one received, in the read arena.
 * Go mirrors it in udp.go. */
typedef struct cuv_datagram {
  union {
    char *bytes;
    uv_buf_t *vector; /* to send, with CUV_WRITE_VECTOR */
  } data;
  cuv_addr addr; /* receiver or sender; family 0: none */
} cuv_datagram;

_Static_assert(sizeof(cuv_datagram) == 32, "udp.go mirrors cuv_datagram");

/* aux of CUV_EV_UDP_RECV. */
enum cuv_udp_event {
  CUV_UDP_TRUNCATED = 1, /* the datagram was longer */
  CUV_UDP_DRAINED = 2,   /* no datagram: the kernel has no more */
};

/* cuv_handle.flags.udp. */
enum cuv_udp_flag {
  CUV_UDP_REPORT_DRAINED = 1, /* events say when the kernel has no more datagrams */
};

enum {
  CUV_UDP_MAX = 64 * 1024, /* room for one datagram, as libuv counts it */
  CUV_UDP_BATCH = 20,      /* how many libuv 1.50 sends or receives in one call */
};

enum { CUV_UDP_PLAIN_OPEN = 1 << 30 }; /* flag of cuv_udp_open: uv_udp_open, which takes no flags */

/* udp.c */
void cuv_udp_recv_start(cuv_loop *l, cuv_sqe *e);
void cuv_udp_recv_stop(cuv_loop *l, cuv_sqe *e);
int cuv_udp_new(cuv_loop *l, unsigned flags, uint32_t slot, uint32_t gen, cuv_handle **out);
int cuv_udp_using_recvmmsg(cuv_handle *h);
int cuv_udp_open(cuv_handle *h, int fd, unsigned flags);
int cuv_udp_bind(cuv_handle *h, cuv_addr addr, unsigned flags);
int cuv_udp_autobind(cuv_handle *h, int family);
int cuv_udp_reuseport(void);
int cuv_udp_connect(cuv_handle *h, const cuv_addr *addr);
int cuv_udp_sockname(cuv_handle *h, int peer, cuv_addr *out);
size_t cuv_udp_queue_size(cuv_handle *h);
size_t cuv_udp_queue_count(cuv_handle *h);

/* udp_send.c */
void cuv_udp_send_chain(cuv_loop *l, cuv_sqe *first);
int cuv_udp_try_send(cuv_handle *h, const cuv_addr *to, const char *p, size_t n);
int cuv_udp_send(cuv_handle *h, const cuv_addr *to, const char *p, size_t n);
int cuv_udp_try_send2(cuv_handle *h, const cuv_datagram *d, const size_t *len, unsigned n);

/* udp_option.c */
int cuv_udp_membership(cuv_handle *h, cuv_addr group, cuv_addr iface, const cuv_addr *source, int join);
int cuv_udp_multicast_interface(cuv_handle *h, cuv_addr iface);
int cuv_udp_multicast_loop(cuv_handle *h, int on);
int cuv_udp_multicast_ttl(cuv_handle *h, int ttl);
int cuv_udp_broadcast(cuv_handle *h, int on);
int cuv_udp_ttl(cuv_handle *h, int ttl);

#endif
