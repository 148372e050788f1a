#include "load.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_EVENTS = 1024, DATAGRAM_MAX = 65507 };

/* LOST_NS is how long an answer may take before its datagram counts as lost. */
#define LOST_NS 200000000u

struct conn {
  int fd;
  uint32_t id;
  uint64_t seq;     /* of the datagram under way */
  uint64_t started; /* when it was sent */
  uint64_t replies; /* inside the measured window */
};

struct run {
  const struct options *o;
  struct window w;
  struct result *r;
  struct conn *conns;
};

/* send_next sends the datagram under way. */
static void send_next(struct run *run, struct conn *c, uint64_t now) {
  static char out[DATAGRAM_MAX];
  message_fill(out, run->o->size, c->id, c->seq);
  c->started = now;
  /* What the kernel does not take is lost, and sent again as such. */
  if (send(c->fd, out, run->o->size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN && errno != ENOBUFS)
    die("send");
}

/* receive checks one datagram; it returns whether there was one. */
static bool receive(struct run *run, struct conn *c) {
  static char in[DATAGRAM_MAX + 1];
  ssize_t n = recv(c->fd, in, run->o->size + 1, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n < 0) die("recv");
  ptrdiff_t wrong = (size_t)n == run->o->size ? message_check(in, (size_t)n, 0, c->id, c->seq) : n;
  if (wrong >= 0) {
    /* An answer that comes after its datagram counted as lost is not wrong. */
    if (run->r->lost > 0) return true;
    if (run->r->corrupt++ == 0)
      fprintf(stderr, "load: socket %u, datagram %llu: of %zd bytes, byte %td is wrong\n", c->id,
              (unsigned long long)c->seq, n, wrong);
    return true;
  }
  uint64_t now = now_ns();
  if (window_count(&run->w, c->seq, c->started, now)) c->replies++;
  c->seq++;
  send_next(run, c, now);
  return true;
}

/* resend sends again what has had no answer for too long. */
static void resend(struct run *run, uint64_t now) {
  for (uint32_t i = 0; i < run->o->conns; i++) {
    struct conn *c = &run->conns[i];
    if (now < c->started + LOST_NS) continue;
    run->r->lost++;
    c->seq++;
    send_next(run, c, now);
  }
}

void run_udp(const struct options *o, struct result *r) {
  struct run run = {.o = o, .r = r, .conns = calloc(o->conns, sizeof *run.conns)};
  int ep = epoll_create1(EPOLL_CLOEXEC);
  if (run.conns == NULL || ep < 0) die("set-up");
  if (o->size > DATAGRAM_MAX) fail("a datagram has at most %d bytes", DATAGRAM_MAX);
  message_init();
  for (uint32_t i = 0; i < o->conns; i++) {
    struct conn *c = &run.conns[i];
    *c = (struct conn){.fd = dial(o, i), .id = i};
    struct epoll_event ev = {.events = EPOLLIN | EPOLLET, .data.ptr = c};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) != 0) die("epoll_ctl");
  }
  window_init(&run.w, o, r);
  for (uint32_t i = 0; i < o->conns; i++) send_next(&run, &run.conns[i], now_ns());

  static struct epoll_event events[MAX_EVENTS];
  uint64_t now, looked = 0;
  int n;
  run.w.tick = LOST_NS / 4;
  while ((n = window_wait(&run.w, ep, events, MAX_EVENTS, &now)) >= 0) {
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      while (receive(&run, c)) {
      }
    }
    if (now - looked > LOST_NS / 4) {
      looked = now;
      resend(&run, now);
    }
  }
  window_close(&run.w);
  for (uint32_t i = 0; i < o->conns; i++) {
    r->stalled += run.conns[i].replies == 0;
    close(run.conns[i].fd);
  }
  close(ep);
  free(run.conns);
}
