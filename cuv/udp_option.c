/* udp_option.c: multicast groups and options of uv_udp_t. */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "udp.h"

enum { text_max = INET6_ADDRSTRLEN + 1 + IF_NAMESIZE };

/* Writes an address as libuv reads it, and sets *p to it, or to NULL for none.
 * libuv knows a zone by its name alone. */
static int text(const cuv_addr *a, char *buf, const char **p) {
  *p = NULL;
  if (a->family == 0) return 0;
  if (a->family != 4 && a->family != 6) return UV_EINVAL;
  if (inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, buf, INET6_ADDRSTRLEN) == NULL) return UV_EINVAL;
  if (a->family == 6 && a->scope != 0) {
    char name[IF_NAMESIZE];
    if (if_indextoname(a->scope, name) == NULL) return uv_translate_sys_error(errno);
    size_t n = strlen(buf);
    snprintf(buf + n, text_max - n, "%%%s", name);
  }
  *p = buf;
  return 0;
}

/* uv_udp_set_membership, or uv_udp_set_source_membership if there is a source. */
int cuv_udp_membership(cuv_handle *h, cuv_addr group, cuv_addr iface, const cuv_addr *source, int join) {
  char buf[3][text_max];
  const char *g, *i, *s;
  int r;
  cuv_addr none = {0};
  group.scope = 0;
  if ((r = text(&group, buf[0], &g)) < 0 || (r = text(&iface, buf[1], &i)) < 0) return r;
  if ((r = text(source == NULL ? &none : source, buf[2], &s)) < 0) return r;
  if (g == NULL || (source != NULL && s == NULL)) return UV_EINVAL;
  cuv_flush(cuv_loop_of(h));
  cuv_stdio_socket(h);
  uv_membership m = join ? UV_JOIN_GROUP : UV_LEAVE_GROUP;
  if (source != NULL) return uv_udp_set_source_membership(&h->uv.udp, g, i, s, m);
  return uv_udp_set_membership(&h->uv.udp, g, i, m);
}

/* uv_udp_set_multicast_interface. */
int cuv_udp_multicast_interface(cuv_handle *h, cuv_addr iface) {
  char buf[text_max];
  const char *i;
  int r = text(&iface, buf, &i);
  if (r < 0) return r;
  cuv_flush(cuv_loop_of(h));
  return uv_udp_set_multicast_interface(&h->uv.udp, i);
}

/* uv_udp_set_multicast_loop. */
int cuv_udp_multicast_loop(cuv_handle *h, int on) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_set_multicast_loop(&h->uv.udp, on);
}

/* uv_udp_set_multicast_ttl. */
int cuv_udp_multicast_ttl(cuv_handle *h, int ttl) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_set_multicast_ttl(&h->uv.udp, ttl);
}

/* uv_udp_set_broadcast. */
int cuv_udp_broadcast(cuv_handle *h, int on) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_set_broadcast(&h->uv.udp, on);
}

/* uv_udp_set_ttl. */
int cuv_udp_ttl(cuv_handle *h, int ttl) {
  cuv_flush(cuv_loop_of(h));
  return uv_udp_set_ttl(&h->uv.udp, ttl);
}
