/* interpose.h: how cuv comes between libuv and the C library.
 *
 * uvgo's own libuv.a calls cuv_NAME where upstream calls NAME, and its pkg-config
 * file says so by UVGO_CALLOUTS (third_party/libuv/build.sh). Nobody else's calls
 * come here.
 *
 * A distribution's libuv calls NAME. So cuv defines NAME: hidden in a static link,
 * where only what is linked into the same file finds it; visible to a shared libuv,
 * which the dynamic linker binds to what the executable defines. What is not
 * libuv's then goes on to the C library unchanged.
 */
#ifndef CUV_INTERPOSE_H
#define CUV_INTERPOSE_H

#ifdef UVGO_CALLOUTS
#define CUV_CALLOUT(name) cuv_##name
#define CUV_DECLARE(name) extern __typeof__(name) cuv_##name
#define CUV_NEXT(name) name
#else
#include <stdatomic.h>

#ifdef CUV_SHARED
#define CUV_SCOPE "default"
#else
#define CUV_SCOPE "hidden"
#endif
#define CUV_CALLOUT(name) name
#define CUV_DECLARE(name)                                                   \
  extern __typeof__(name) name __attribute__((visibility(CUV_SCOPE)));      \
  static __typeof__(name) *next_##name(void) {                              \
    static _Atomic(void *) at;                                              \
    return (__typeof__(name) *)cuv_next(&at, #name);                        \
  }
#define CUV_NEXT(name) next_##name()

void *cuv_next(_Atomic(void *) *at, const char *name);
#endif

#endif
