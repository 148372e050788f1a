#include "load.h"
#include "message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Below COPY_MAX bytes a copy is cheaper than what sendmsg costs more than send. */
enum { MAX_EVENTS = 1024, COPY_MAX = 8 * 1024 };

struct conn {
  int fd;
  uint32_t id;
  uint64_t seq;     /* of the message whose echo is awaited */
  uint64_t next;    /* of the message to send: at most depth beyond seq */
  size_t sent, got; /* bytes of next that are sent, and of seq that have come back */
  uint64_t replies; /* inside the measured window */
};

struct run {
  const struct options *o;
  struct window w;
  struct result *r;
  int ep;
  struct conn *conns;
  uint64_t *started; /* depth for each connection: when a message was first handed to the kernel */
};

static char in[MESSAGE_MAX + 1];

/* lose gives up a connection: its bytes were wrong, or it broke. */
static void lose(struct conn *c, uint64_t *counter, const char *why) {
  if ((*counter)++ == 0)
    fprintf(stderr, "load: connection %u, message %llu: %s\n", c->id, (unsigned long long)c->seq, why);
  close(c->fd);
  c->fd = -1;
}

/* send_due hands what is due to the kernel in one call, and returns what that returned. */
static ssize_t send_due(size_t size, const struct conn *c, uint64_t due) {
  size_t total = (size_t)(due - c->next) * size - c->sent;
  if (total <= COPY_MAX) {
    static char out[COPY_MAX + MESSAGE_MAX];
    size_t n = 0;
    for (uint64_t seq = c->next; seq < due; seq++, n += size) message_fill(out + n, size, c->id, seq);
    return send(c->fd, out + c->sent, total, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  static struct iovec parts[2 * DEPTH_MAX];
  static char headers[DEPTH_MAX][MESSAGE_MIN];
  struct msghdr m = {.msg_iov = parts};
  size_t at = c->sent;
  for (uint64_t seq = c->next; seq < due; seq++, at = 0)
    m.msg_iovlen += (size_t)message_parts(parts + m.msg_iovlen, headers[seq - c->next], size, at, c->id, seq);
  return sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* send_more sends what is due; EPOLLOUT calls it again. */
static void send_more(struct run *run, struct conn *c) {
  uint64_t due = c->seq + run->o->depth;
  if (c->next == due) return;
  ssize_t n = send_due(run->o->size, c, due);
  if (n >= 0) {
    c->sent += (size_t)n;
    c->next += c->sent / run->o->size;
    c->sent %= run->o->size;
  } else if (errno != EAGAIN && errno != EINTR) {
    lose(c, &run->r->closed, strerror(errno));
  }
}

/* watch makes epoll report the connection. */
static void watch(struct run *run, struct conn *c) {
  struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
  if (epoll_ctl(run->ep, EPOLL_CTL_ADD, c->fd, &ev) != 0) die("epoll_ctl");
}

/* renew replaces a connection, for the next message. The next one's time begins here. */
static void renew(struct run *run, struct conn *c) {
  close(c->fd);
  c->fd = dial_again(run->o);
  watch(run, c);
}

/* complete records that the echo of a message is whole: another is due. */
static void complete(struct run *run, struct conn *c, uint64_t now) {
  uint64_t *started = &run->started[c->id * run->o->depth + c->seq % run->o->depth];
  if (window_count(&run->w, c->seq, *started, now)) c->replies++;
  *started = now;
  c->seq++;
  c->got = 0;
  if (run->o->churn) renew(run, c);
}

/* check_bytes compares n received bytes with what was sent. */
static void check_bytes(struct run *run, struct conn *c, size_t n) {
  uint64_t now = 0;
  for (const char *p = in; n > 0;) {
    size_t part = run->o->size - c->got < n ? run->o->size - c->got : n;
    ptrdiff_t wrong = message_check(p, part, c->got, c->id, c->seq);
    if (wrong >= 0) {
      char why[64];
      snprintf(why, sizeof why, "byte %td of the echo is wrong", wrong);
      lose(c, &run->r->corrupt, why);
      return;
    }
    c->got += part;
    p += part;
    n -= part;
    if (c->got == run->o->size) complete(run, c, now ? now : (now = now_ns()));
  }
  if (now) send_more(run, c);
}

/* receive checks what has arrived; it returns whether anything had. A read
   that does not fill its buffer has emptied the socket, so edge-triggered
   polling needs a second one only where the peer has also hung up. */
static bool receive(struct run *run, struct conn *c) {
  size_t left = (size_t)(c->next - c->seq) * run->o->size + c->sent - c->got;
  ssize_t n = recv(c->fd, in, left + 1, MSG_DONTWAIT); /* + 1: notice surplus bytes */
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (n <= 0)
    lose(c, &run->r->closed, n == 0 ? "the server closed the connection" : strerror(errno));
  else if ((size_t)n > left)
    lose(c, &run->r->corrupt, "more bytes came back than were sent");
  else
    check_bytes(run, c, (size_t)n);
  return true;
}

/* on_event handles what epoll reports of one connection. */
static void on_event(struct run *run, struct conn *c, uint32_t events) {
  int fd = c->fd;
  bool hangup = events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR);
  send_more(run, c);
  if (events & EPOLLIN || hangup)
    while (c->fd == fd && receive(run, c) && hangup) {
    }
}

/* connect_all opens the connections and starts the first messages on each. */
static void connect_all(struct run *run) {
  for (uint32_t i = 0; i < run->o->conns; i++) {
    struct conn *c = &run->conns[i];
    c->id = i;
    c->fd = dial(run->o, i);
    watch(run, c);
  }
}

/* start_all sends the first messages. */
static void start_all(struct run *run) {
  for (uint32_t i = 0; i < run->o->conns; i++) {
    for (uint32_t k = 0; k < run->o->depth; k++) run->started[i * run->o->depth + k] = now_ns();
    send_more(run, &run->conns[i]);
  }
}

void run_echo(const struct options *o, struct result *r) {
  struct run run = {.o = o, .r = r, .ep = epoll_create1(EPOLL_CLOEXEC)};
  run.conns = calloc(o->conns, sizeof *run.conns);
  run.started = calloc((size_t)o->conns * o->depth, sizeof *run.started);
  if (run.conns == NULL || run.started == NULL || run.ep < 0) die("set-up");
  message_init();
  connect_all(&run);
  window_init(&run.w, o, r);
  start_all(&run);

  static struct epoll_event events[MAX_EVENTS];
  uint64_t now;
  int n;
  while (r->corrupt + r->closed < o->conns && (n = window_wait(&run.w, run.ep, events, MAX_EVENTS, &now)) >= 0)
    for (int i = 0; i < n; i++) {
      struct conn *c = events[i].data.ptr;
      if (c->fd >= 0) on_event(&run, c, events[i].events);
    }
  window_close(&run.w);
  for (uint32_t i = 0; i < o->conns; i++)
    if (run.conns[i].fd >= 0) {
      r->stalled += run.conns[i].replies == 0;
      close(run.conns[i].fd);
    }
  close(run.ep);
  free(run.conns);
  free(run.started);
}
