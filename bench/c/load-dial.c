#include "load.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

enum { PER_SOURCE = 4000, TIMEOUT_S = 10 };

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

int dial(const struct options *o, uint32_t i) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  set_nodelay(fd);
  /* Reno costs a sender less CPU time than what a system may have as default. */
  (void)setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
  if (i >= PER_SOURCE) {
    int on = 1;
    struct sockaddr_in src = {.sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK + i / PER_SOURCE)};
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) != 0 ||
        bind(fd, (struct sockaddr *)&src, sizeof src) != 0)
      die("bind to another loopback address");
  }
  struct timeval limit = {.tv_sec = TIMEOUT_S};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
    die("socket timeouts");
  struct linger reset = {.l_onoff = 1}; /* leave no TIME_WAIT: they slow later connects down */
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) != 0) die("SO_LINGER");
  if (connect(fd, (const struct sockaddr *)&o->server, sizeof o->server) != 0) die("connect");
  return fd;
}
