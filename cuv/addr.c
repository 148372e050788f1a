/* addr.c: socket addresses across the border. */
#include <string.h>

#include "addr.h"

/* Fills ss; returns its length, or 0 for an address of neither family. */
socklen_t cuv_addr_to(const cuv_addr *a, struct sockaddr_storage *ss) {
  memset(ss, 0, sizeof *ss);
  if (a->family == 4) {
    struct sockaddr_in *in = (struct sockaddr_in *)ss;
    in->sin_family = AF_INET;
    in->sin_port = htons(a->port);
    memcpy(&in->sin_addr, a->ip, 4);
    return sizeof *in;
  }
  if (a->family == 6) {
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ss;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(a->port);
    in6->sin6_scope_id = a->scope;
    memcpy(&in6->sin6_addr, a->ip, 16);
    return sizeof *in6;
  }
  return 0;
}

/* Reads an address; family 0 when it is no internet address. libuv's and the resolver's are
 * not aligned as a sockaddr_storage is. */
void cuv_addr_from(cuv_addr *a, const struct sockaddr *sa) {
  memset(a, 0, sizeof *a);
  if (sa->sa_family == AF_INET) {
    const struct sockaddr_in *in = (const struct sockaddr_in *)sa;
    a->family = 4;
    a->port = ntohs(in->sin_port);
    memcpy(a->ip, &in->sin_addr, 4);
  } else if (sa->sa_family == AF_INET6) {
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)sa;
    a->family = 6;
    a->port = ntohs(in6->sin6_port);
    a->scope = in6->sin6_scope_id;
    memcpy(a->ip, &in6->sin6_addr, 16);
  }
}

/* An IPv4 address, plain or mapped into IPv6, as enum cuv_peer describes; 0 for
 * any other. */
uint64_t cuv_addr_pack(const struct sockaddr_storage *ss) {
  cuv_addr a;
  cuv_addr_from(&a, (const struct sockaddr *)ss);
  uint64_t kind = CUV_PEER_IP4;
  const uint8_t *ip = a.ip;
  if (a.family == 6 && IN6_IS_ADDR_V4MAPPED(&((const struct sockaddr_in6 *)ss)->sin6_addr)) {
    kind = CUV_PEER_MAPPED;
    ip += 12;
  } else if (a.family != 4) {
    return 0;
  }
  return kind << 48 | (uint64_t)a.port << 32 | (uint32_t)ip[0] << 24 | (uint32_t)ip[1] << 16 | (uint32_t)ip[2] << 8 | ip[3];
}
