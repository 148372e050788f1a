/* echo-epoll: the echo server that a C programmer writes on bare epoll.

   One thread, level-triggered, one shared read buffer. Each readable event is
   one read and, at once, one write. What the kernel does not take is kept in a
   buffer of the connection; it stops being read until the rest is out. Of
   datagrams each readable event is 64 at most, each received and sent. */
#include "common.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { READ_SIZE = 64 * 1024, MAX_EVENTS = 1024, BACKLOG = 4096, DATAGRAMS = 64 };

struct conn {
  int fd;
  char *rest; /* unsent bytes, NULL if none */
  size_t rest_len, rest_off;
};

static char buffer[READ_SIZE];
static volatile sig_atomic_t stopping;
static bool tcp; /* connections take TCP_NODELAY */

/* on_term asks the loop to end. */
static void on_term(int sig) {
  (void)sig;
  stopping = 1;
}

/* watch changes what epoll reports for c. */
static void watch(int ep, struct conn *c, uint32_t events) {
  struct epoll_event ev = {.events = events, .data.ptr = c};
  if (epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &ev) != 0) die("epoll_ctl");
}

/* drop closes the connection; closing also takes it out of epoll. */
static void drop(struct conn *c) {
  close(c->fd);
  free(c->rest);
  free(c);
}

/* keep stores the bytes that the kernel did not take and waits for room. */
static void keep(int ep, struct conn *c, const char *p, size_t n) {
  c->rest = malloc(n);
  if (c->rest == NULL) die("malloc");
  memcpy(c->rest, p, n);
  c->rest_len = n;
  c->rest_off = 0;
  watch(ep, c, EPOLLOUT);
}

/* on_readable echoes one chunk. */
static void on_readable(int ep, struct conn *c) {
  ssize_t n = read(c->fd, buffer, sizeof buffer);
  if (n <= 0) {
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) drop(c);
    return;
  }
  ssize_t sent = write(c->fd, buffer, (size_t)n);
  if (sent == n) return;
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) {
      drop(c);
      return;
    }
    sent = 0;
  }
  keep(ep, c, buffer + sent, (size_t)(n - sent));
}

/* on_writable sends more of the rest and resumes reading when it is out. */
static void on_writable(int ep, struct conn *c) {
  ssize_t sent = write(c->fd, c->rest + c->rest_off, c->rest_len - c->rest_off);
  if (sent < 0) {
    if (errno != EAGAIN && errno != EINTR) drop(c);
    return;
  }
  c->rest_off += (size_t)sent;
  if (c->rest_off < c->rest_len) return;
  free(c->rest);
  c->rest = NULL;
  watch(ep, c, EPOLLIN);
}

/* on_accept takes every waiting connection. */
static void on_accept(int ep, int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      if (errno == EAGAIN) return;
      die("accept4");
    }
    if (tcp) set_nodelay(fd);
    struct conn *c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->fd = fd;
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev) != 0) die("epoll_ctl");
  }
}

/* on_datagrams echoes what has arrived. What the kernel does not take is lost, as datagrams may be. */
static void on_datagrams(int fd) {
  for (int i = 0; i < DATAGRAMS; i++) {
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t n = recvfrom(fd, buffer, sizeof buffer, MSG_DONTWAIT, (struct sockaddr *)&from, &len);
    if (n < 0) return;
    (void)sendto(fd, buffer, (size_t)n, MSG_DONTWAIT, (struct sockaddr *)&from, len);
  }
}

/* start_listening binds, listens, prints the address and returns the socket. */
static int start_listening(const char *text, struct endpoint *e) {
  *e = parse_endpoint(text);
  tcp = e->sa.sa_family == AF_INET;
  int on = 1, fd = socket(e->sa.sa_family, e->type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (tcp && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) die("SO_REUSEADDR");
  if (bind(fd, &e->sa, e->len) != 0) die(text);
  if (e->type == SOCK_STREAM && listen(fd, BACKLOG) != 0) die("listen");
  if (getsockname(fd, &e->sa, &e->len) != 0) die("getsockname");
  print_endpoint(e);
  return fd;
}

int main(int argc, char **argv) {
  if (argc != 2) fail("usage: echo-epoll {[tcp://|udp://]HOST:PORT | unix://PATH}");
  struct sigaction term = {.sa_handler = on_term}, ignore = {.sa_handler = SIG_IGN};
  sigaction(SIGTERM, &term, NULL);
  sigaction(SIGPIPE, &ignore, NULL);
  raise_nofile(20000);

  struct endpoint e;
  int listener = start_listening(argv[1], &e);
  int ep = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
  if (ep < 0 || epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev) != 0) die("epoll");

  static struct epoll_event events[MAX_EVENTS];
  while (!stopping) {
    int n = epoll_wait(ep, events, MAX_EVENTS, -1);
    if (n < 0 && errno != EINTR) die("epoll_wait");
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      if (c == NULL && e.type == SOCK_DGRAM)
        on_datagrams(listener);
      else if (c == NULL)
        on_accept(ep, listener);
      else if (c->rest != NULL)
        on_writable(ep, c);
      else
        on_readable(ep, c);
    }
  }
  return 0;
}
