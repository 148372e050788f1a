/* getaddrinfo.h: requests that ask the system's resolver. */
#ifndef CUV_GETADDRINFO_H
#define CUV_GETADDRINFO_H

#include "cuv.h"

/* One address found. */
typedef struct cuv_addrinfo {
  cuv_addr addr;
  int32_t socktype;
  int32_t protocol;
} cuv_addrinfo;

/* A uv_getaddrinfo_t. It belongs to Go's request from the call that makes it
 * until cuv_getaddrinfo_free, which comes after its event. */
typedef struct cuv_getaddrinfo {
  uv_getaddrinfo_t req;
  cuv_loop *loop;
  uint32_t slot;
  uint32_t gen;
  uint32_t n;         /* entries of list */
  int32_t done;       /* can no longer be cancelled: it has been, or libuv has called back */
  char *canonname;
  cuv_addrinfo *list;
} cuv_getaddrinfo;

/* A uv_getnameinfo_t, with the same life. */
typedef struct cuv_getnameinfo {
  uv_getnameinfo_t req;
  cuv_loop *loop;
  uint32_t slot;
  uint32_t gen;
  int32_t done; /* can no longer be cancelled: it has been, or libuv has called back */
} cuv_getnameinfo;

/* getaddrinfo.c */
int cuv_getaddrinfo_new(cuv_loop *l, const char *host, const char *service, int family, int socktype, int protocol,
                        int flags, uint32_t slot, uint32_t gen, cuv_getaddrinfo **out);
int cuv_getaddrinfo_cancel(cuv_getaddrinfo *g);
void cuv_getaddrinfo_free(cuv_getaddrinfo *g);

/* getnameinfo.c */
int cuv_getnameinfo_new(cuv_loop *l, cuv_addr addr, int flags, uint32_t slot, uint32_t gen, cuv_getnameinfo **out);
int cuv_getnameinfo_cancel(cuv_getnameinfo *g);
void cuv_getnameinfo_free(cuv_getnameinfo *g);

#endif
