#include "load.h"
#include "message.h"

#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* echo_once sends message 0 of connection i and checks its echo, blocking. */
static void echo_once(const struct options *o, int fd, uint32_t i) {
  static char buf[MESSAGE_MAX];
  message_fill(buf, o->size, i, 0);
  for (size_t sent = 0; sent < o->size;) {
    ssize_t n = send(fd, buf + sent, o->size - sent, MSG_NOSIGNAL);
    if (n < 0) die("send");
    sent += (size_t)n;
  }
  for (size_t got = 0; got < o->size;) {
    ssize_t n = recv(fd, buf, o->size - got, 0);
    if (n < 0) die("recv");
    if (n == 0) fail("connection %u: the server closed it", i);
    ptrdiff_t wrong = message_check(buf, (size_t)n, got, i, 0);
    if (wrong >= 0) fail("connection %u: byte %td of the echo is wrong", i, wrong);
    got += (size_t)n;
  }
}

void run_idle(const struct options *o) {
  message_init();
  for (uint32_t i = 0; i < o->conns; i++) echo_once(o, dial(o, i), i);
  printf("ready %u\n", o->conns);
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}
