#include "message.h"

#include <string.h>

enum { SHIFTS = 4096 }; /* how many places in the pattern a body may start at */

static char pattern[MESSAGE_MAX + SHIFTS];

struct header {
  uint32_t magic, conn;
  uint64_t seq;
};
_Static_assert(sizeof(struct header) == MESSAGE_MIN, "a message holds its header");

void message_init(void) {
  uint64_t x = 88172645463325252u; /* xorshift64 */
  for (size_t i = 0; i < sizeof pattern; i++) {
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    pattern[i] = (char)(x >> 32);
  }
}

/* header of a message. */
static struct header header(uint32_t conn, uint64_t seq) {
  return (struct header){0x6f686365u /* "echo" */, conn, seq};
}

/* body of a message. */
static const char *body(uint32_t conn, uint64_t seq) {
  return pattern + ((conn * 2654435761u ^ (uint32_t)seq * 40503u) % SHIFTS);
}

void message_fill(char *p, size_t size, uint32_t conn, uint64_t seq) {
  struct header h = header(conn, seq);
  memcpy(p, &h, sizeof h);
  memcpy(p + sizeof h, body(conn, seq), size - sizeof h);
}

int message_parts(struct iovec parts[2], char room[MESSAGE_MIN], size_t size, size_t at, uint32_t conn,
                  uint64_t seq) {
  int n = 0;
  if (at < MESSAGE_MIN) {
    struct header h = header(conn, seq);
    memcpy(room, &h, sizeof h);
    parts[n++] = (struct iovec){room + at, MESSAGE_MIN - at};
    at = MESSAGE_MIN;
  }
  if (at < size) parts[n++] = (struct iovec){(char *)body(conn, seq) + (at - MESSAGE_MIN), size - at};
  return n;
}

/* first_difference finds where a and b, known to differ, do so. */
static ptrdiff_t first_difference(const char *a, const char *b) {
  ptrdiff_t i = 0;
  while (a[i] == b[i]) i++;
  return i;
}

ptrdiff_t message_check(const char *p, size_t n, size_t at, uint32_t conn, uint64_t seq) {
  struct header h = header(conn, seq);
  size_t in_header = at < sizeof h ? sizeof h - at : 0;
  if (in_header > n) in_header = n;
  const char *want = (const char *)&h + at;
  if (in_header > 0 && memcmp(p, want, in_header) != 0)
    return (ptrdiff_t)at + first_difference(p, want);
  if (in_header == n) return -1;

  at += in_header, p += in_header, n -= in_header;
  want = body(conn, seq) + (at - sizeof h);
  if (memcmp(p, want, n) != 0) return (ptrdiff_t)at + first_difference(p, want);
  return -1;
}
