#include "load.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* A server that has taken nothing for STUCK_MS takes no more. */
enum { MAX_EVENTS = 64, STUCK_MS = 1000, PIECE = 64 * 1024 };

/* flood sends pieces until the kernel takes no more, and returns the bytes. A server may close
   the connection of a peer that does not read; then it is closed here, too. */
static uint64_t flood(int fd, const char *piece, uint64_t limit) {
  uint64_t sent = 0;
  while (sent < limit) {
    ssize_t n = send(fd, piece, PIECE, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) close(fd);
      break;
    }
    sent += (uint64_t)n;
  }
  return sent;
}

void run_flood(const struct options *o) {
  static char piece[PIECE];
  message_init();
  message_fill(piece, PIECE, 0, 0);
  int ep = epoll_create1(EPOLL_CLOEXEC);
  if (ep < 0) die("epoll_create1");
  for (uint32_t i = 0; i < o->conns; i++) {
    int fd = dial(o, i);
    struct epoll_event ev = {.events = EPOLLOUT | EPOLLET, .data.fd = fd};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) != 0) die("epoll_ctl");
  }
  struct epoll_event events[MAX_EVENTS];
  uint64_t sent = 0;
  for (int n; sent < o->limit && (n = epoll_wait(ep, events, MAX_EVENTS, STUCK_MS)) != 0;) {
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      /* A part at a time: all connections grow alike. */
      uint64_t part = o->limit / o->conns;
      sent += flood(events[i].data.fd, piece, part < o->limit - sent ? part : o->limit - sent);
      if (sent >= o->limit) break;
    }
  }
  printf("ready %llu\n", (unsigned long long)sent);
  fflush(stdout);
  char byte;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}
