/* common.h: the few things that every C program of this benchmark needs. */
#ifndef BENCH_COMMON_H
#define BENCH_COMMON_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <netinet/in.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/* die prints "program: message: errno text" and exits with status 1. */
void die(const char *what) __attribute__((noreturn));

/* fail prints "program: message" and exits with status 1. */
void fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* now_ns is the monotonic clock in nanoseconds. */
uint64_t now_ns(void);

/* raise_nofile raises the limit of open files to at least want, or as far as
   the system allows; it returns the limit that is now in force. */
uint64_t raise_nofile(uint64_t want);

/* parse_addr turns "127.0.0.1:8888" into an IPv4 address, or fails. */
struct sockaddr_in parse_addr(const char *text);

/* endpoint is where a server listens. */
struct endpoint {
  int type; /* SOCK_STREAM or SOCK_DGRAM */
  socklen_t len;
  union {
    struct sockaddr sa;
    struct sockaddr_in in;
    struct sockaddr_un un;
  };
};

/* parse_endpoint turns "HOST:PORT", "tcp://HOST:PORT", "udp://HOST:PORT" or
   "unix://PATH" into an endpoint, or fails. */
struct endpoint parse_endpoint(const char *text);

/* print_endpoint prints "listening ADDR:PORT" or "listening PATH" on stdout and
   flushes it. */
void print_endpoint(const struct endpoint *e);

/* print_listening prints "listening ADDR:PORT" on stdout and flushes it. */
void print_listening(const struct sockaddr_in *addr);

/* set_nodelay switches Nagle's algorithm off. */
void set_nodelay(int fd);

#endif
