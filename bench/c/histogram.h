/* histogram.h: a log-linear histogram of nanoseconds, 128 buckets per power of
   two: a value is known to 0.8 %, from 1 ns to hours, in 36 KiB. */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum { HIST_BITS = 7, HIST_SUB = 1 << HIST_BITS, HIST_BUCKETS = 36 * HIST_SUB };

struct histogram {
  uint64_t total, max;
  uint64_t buckets[HIST_BUCKETS];
};

/* hist_index is the bucket of v. */
static inline unsigned hist_index(uint64_t v) {
  if (v < HIST_SUB) return (unsigned)v;
  unsigned shift = 63u - (unsigned)__builtin_clzll(v) - HIST_BITS;
  unsigned i = shift * HIST_SUB + (unsigned)(v >> shift);
  return i < HIST_BUCKETS ? i : HIST_BUCKETS - 1;
}

/* hist_value is the middle of bucket i. */
static inline double hist_value(unsigned i) {
  if (i < 2 * HIST_SUB) return i;
  unsigned shift = i / HIST_SUB - 1;
  return ((double)(i - shift * HIST_SUB) + 0.5) * (double)(1ull << shift);
}

/* hist_add records v. */
static inline void hist_add(struct histogram *h, uint64_t v) {
  h->total++;
  if (v > h->max) h->max = v;
  h->buckets[hist_index(v)]++;
}

/* hist_quantile is the value that a share q of all values does not exceed. */
static inline double hist_quantile(const struct histogram *h, double q) {
  uint64_t seen = 0, rank = (uint64_t)(q * (double)h->total);
  for (unsigned i = 0; i < HIST_BUCKETS; i++) {
    seen += h->buckets[i];
    if (seen > rank) return hist_value(i);
  }
  return (double)h->max;
}

#endif
