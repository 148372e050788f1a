/* outside.h: goroutines that no bubble of testing/synctest holds. */
#ifndef CUV_OUTSIDE_H
#define CUV_OUTSIDE_H

#include <stdint.h>

/* outside.c */
int cuv_outside(uint32_t id);

#endif
