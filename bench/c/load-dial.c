#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { PER_SOURCE = 4000, TIMEOUT_S = 10 };

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* reset_on_close leaves no TIME_WAIT, which slow later connects down. */
static void reset_on_close(int fd) {
  struct linger reset = {.l_onoff = 1};
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0) die("SO_LINGER");
}

/* bind_source gives connection i its source address. */
static void bind_source(int fd, uint32_t i) {
  if (i < PER_SOURCE) return;
  int on = 1;
  struct sockaddr_in src = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PER_SOURCE)};
  if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
      bind(fd, (struct sockaddr *)&src, sizeof src) != 0)
    die("bind to another loopback address");
}

int dial(const struct options *o, uint32_t i) {
  bool tcp = o->server.sa.sa_family == AF_INET && o->server.type == SOCK_STREAM;
  int fd = socket(o->server.sa.sa_family, o->server.type | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (tcp) {
    set_nodelay(fd);
    /* Reno costs a sender less CPU time than what a system may have as default. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    reset_on_close(fd);
    bind_source(fd, i);
  }
  struct timeval limit = {.tv_sec = TIMEOUT_S};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
    die("socket timeouts");
  if (connect(fd, &o->server.sa, o->server.len) != 0) die("connect");
  return fd;
}

int dial_again(const struct options *o) {
  int fd = socket(o->server.sa.sa_family, o->server.type | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (o->server.sa.sa_family == AF_INET) reset_on_close(fd);
  if (connect(fd, &o->server.sa, o->server.len) != 0) die("connect");
  return fd;
}
