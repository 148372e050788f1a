/* message.h: what the load generator sends, a function of connection and
   sequence number alone, so that no copy of it need be kept to check an echo.

   offset  size  field
   0       4     magic
   4       4     connection
   8       8     sequence number
   16      rest  a slice of a fixed random pattern, its place chosen by both */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum { MESSAGE_MIN = 16, MESSAGE_MAX = 1024 * 1024 };

/* message_init makes the pattern; call it once. */
void message_init(void);

/* message_fill writes the whole message into p. */
void message_fill(char *p, size_t size, uint32_t conn, uint64_t seq);

/* message_parts describes the message from offset at to its end in place, without
   a copy: in parts, of which it returns how many (at most 2). header has room for the
   message's header, and must live as long as parts. */
int message_parts(struct iovec parts[2], char header[MESSAGE_MIN], size_t size, size_t at, uint32_t conn,
                  uint64_t seq);

/* message_check compares n received bytes with the n bytes at offset at of
   the message; it returns -1 if all are right, else the offset of a wrong one. */
ptrdiff_t message_check(const char *p, size_t n, size_t at, uint32_t conn, uint64_t seq);

#endif
