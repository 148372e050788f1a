/* lend.c: bytes that an event carries to Go, such as a file's name. They stay as long as
 * an event that points to lent bytes waits. All are freed together, so an event that Go
 * drops needs no clean-up. */
#include <string.h>

#include "cuv.h"

enum { block_size = 16 * 1024 };

struct cuv_lent {
  struct cuv_lent *next;
  size_t used, size;
  char data[];
};

/* Copies n bytes; the copy stays until the first turn that no event of a kind
 * that lends waits for. NULL when out of memory. */
void *cuv_lend(cuv_loop *l, const void *p, size_t n) {
  size_t need = (n + 15) & ~(size_t)15;
  struct cuv_lent *b = l->lent;
  if (b == NULL || b->size - b->used < need) {
    size_t size = need > block_size ? need : block_size;
    b = cuv_malloc(sizeof *b + size);
    if (b == NULL) return NULL;
    b->next = l->lent;
    b->used = 0;
    b->size = size;
    l->lent = b;
  }
  void *copy = b->data + b->used;
  b->used += need;
  return memcpy(copy, p, n);
}

/* Tells whether the event points to lent bytes. */
int cuv_lends(const cuv_cqe *e) { return e->kind == CUV_EV_FS_EVENT || e->kind == CUV_EV_FS_POLL; }

/* Takes all lent bytes back, and frees the memory but for one block. */
void cuv_lend_reset(cuv_loop *l) {
  struct cuv_lent *b = l->lent;
  if (b == NULL) return;
  while (b->next != NULL) {
    struct cuv_lent *next = b->next;
    cuv_free(b);
    b = next;
  }
  b->used = 0;
  l->lent = b;
}

/* Frees all of the memory, at the loop's end. */
void cuv_lend_free(cuv_loop *l) {
  cuv_lend_reset(l);
  cuv_free(l->lent);
  l->lent = NULL;
}

/* How many bytes of memory are there to be lent. */
size_t cuv_lend_size(const cuv_loop *l) {
  size_t n = 0;
  for (const struct cuv_lent *b = l->lent; b != NULL; b = b->next) n += b->size;
  return n;
}
