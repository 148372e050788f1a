/* addr.h: conversions between cuv_addr and sockaddr, for the .c files only. */
#ifndef CUV_ADDR_H
#define CUV_ADDR_H

#include "cuv.h"

/* addr.c */
socklen_t cuv_addr_to(const cuv_addr *a, struct sockaddr_storage *ss);
void cuv_addr_from(cuv_addr *a, const struct sockaddr *sa);
uint64_t cuv_addr_pack(const struct sockaddr_storage *ss);

#endif
