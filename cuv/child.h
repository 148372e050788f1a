/* child.h: what process.c tells child.c of the child that uv_spawn makes. */
#ifndef CUV_CHILD_H
#define CUV_CHILD_H

#include "cuv.h"

/* child.c */
int cuv_child_spawn(uv_loop_t *l, uv_process_t *p, const uv_process_options_t *o);

#endif
