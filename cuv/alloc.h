/* alloc.h: the C allocations that are alive, counted. */
#ifndef CUV_ALLOC_H
#define CUV_ALLOC_H

#include <stddef.h>
#include <stdint.h>

/* alloc.c */
void *cuv_malloc(size_t n);
void *cuv_calloc(size_t n, size_t size);
void *cuv_realloc(void *p, size_t n);
char *cuv_strdup(const char *s);
void cuv_free(void *p);
void cuv_alloc_count(int64_t n);
int64_t cuv_alloc_live(void);
int cuv_alloc_libuv(void);
void *cuv_alloc_lose(void);

#endif
