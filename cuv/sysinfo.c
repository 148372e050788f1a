/* sysinfo.c: what Go cannot read of libuv's structs by itself. */
#include "addr.h"
#include "sysinfo.h"

/* The address and the netmask of an interface's address. */
void cuv_interface_addr(const uv_interface_address_t *a, cuv_addr *addr, cuv_addr *mask) {
  cuv_addr_from(addr, (const struct sockaddr *)&a->address);
  cuv_addr_from(mask, (const struct sockaddr *)&a->netmask);
}

/* uv_getrusage_thread, which libuv has since 1.50. */
int cuv_getrusage_thread(uv_rusage_t *u) {
#if UV_VERSION_HEX >= 0x013200
  return uv_getrusage_thread(u);
#else
  (void)u;
  return UV_ENOTSUP;
#endif
}
