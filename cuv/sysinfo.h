/* sysinfo.h: what the system says of itself. */
#ifndef CUV_SYSINFO_H
#define CUV_SYSINFO_H

#include "cuv.h"

/* sysinfo.c */
void cuv_interface_addr(const uv_interface_address_t *a, cuv_addr *addr, cuv_addr *mask);
int cuv_getrusage_thread(uv_rusage_t *u);

#endif
