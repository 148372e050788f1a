#include "common.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

void die(const char *what) {
  fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
  exit(1);
}

void fail(const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  fprintf(stderr, "%s: ", program_invocation_short_name);
  vfprintf(stderr, fmt, args);
  fputc('\n', stderr);
  va_end(args);
  exit(1);
}

uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t raise_nofile(uint64_t want) {
  struct rlimit lim;
  if (getrlimit(RLIMIT_NOFILE, &lim) != 0) die("getrlimit");
  if (lim.rlim_max < want) { /* needs privilege; without it the hard limit stays */
    struct rlimit more = {want, want};
    if (setrlimit(RLIMIT_NOFILE, &more) == 0) return want;
  }
  lim.rlim_cur = lim.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &lim) != 0) die("setrlimit");
  return lim.rlim_cur;
}

struct sockaddr_in parse_addr(const char *text) {
  char host[64];
  const char *colon = strrchr(text, ':');
  if (colon == NULL || (size_t)(colon - text) >= sizeof host)
    fail("bad address %s (want 127.0.0.1:8888)", text);
  memcpy(host, text, (size_t)(colon - text));
  host[colon - text] = '\0';

  char *end;
  unsigned long port = strtoul(colon + 1, &end, 10);
  struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  if (inet_pton(AF_INET, host, &addr.sin_addr) != 1 || end == colon + 1 || *end || port > 65535)
    fail("bad address %s (want 127.0.0.1:8888)", text);
  return addr;
}

/* after_scheme is what follows scheme in text, or NULL. */
static const char *after_scheme(const char *text, const char *scheme) {
  size_t n = strlen(scheme);
  return strncmp(text, scheme, n) == 0 ? text + n : NULL;
}

struct endpoint parse_endpoint(const char *text) {
  struct endpoint e = {.type = SOCK_STREAM};
  const char *rest;
  if ((rest = after_scheme(text, "unix://")) != NULL) {
    if (strlen(rest) >= sizeof e.un.sun_path) fail("the path of %s is too long", text);
    e.un = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(e.un.sun_path, rest);
    e.len = sizeof e.un;
    return e;
  }
  if ((rest = after_scheme(text, "udp://")) != NULL) {
    e.type = SOCK_DGRAM;
    text = rest;
  } else if ((rest = after_scheme(text, "tcp://")) != NULL) {
    text = rest;
  }
  e.in = parse_addr(text);
  e.len = sizeof e.in;
  return e;
}

void print_endpoint(const struct endpoint *e) {
  if (e->sa.sa_family == AF_INET) {
    print_listening(&e->in);
    return;
  }
  printf("listening %s\n", e->un.sun_path);
  fflush(stdout);
}

void print_listening(const struct sockaddr_in *addr) {
  char host[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &addr->sin_addr, host, sizeof host);
  printf("listening %s:%u\n", host, ntohs(addr->sin_port));
  fflush(stdout);
}

void set_nodelay(int fd) {
  int on = 1;
  if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) die("TCP_NODELAY");
}
