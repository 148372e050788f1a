/* ops.h: the table by which drain.c reaches the operations. It ends what would be a
 * circle: every operation's file drains, and drain.c calls every operation. */
#ifndef CUV_OPS_H
#define CUV_OPS_H

#include "cuv.h"

/* Carries out a submission; of a chain (cuv_op_chains) all of them, and e is the
 * first. What fails becomes an event. */
typedef void cuv_op_fn(cuv_loop *l, cuv_sqe *e);

/* By cuv_op; ops.c defines it. CUV_OP_NONE has none. */
extern cuv_op_fn *const cuv_ops[CUV_OPS];

/* Whether submissions of this kind to one handle are sent together, as a chain. */
static inline int cuv_op_chains(uint8_t op) { return op == CUV_OP_WRITE || op == CUV_OP_UDP_SEND; }

#endif
