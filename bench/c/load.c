/* load: the load generator for an echo server.

   load [flags] SERVER         closed loop, see run_echo and run_udp
   load idle [flags] SERVER    idle connections, see run_idle
   load flood [flags] SERVER   connections that never read, see run_flood

   SERVER is HOST PORT, or one of the addresses of parse_endpoint. Flags are:
   --conns N --size BYTES --depth N --churn --limit MIB --warmup MS --duration MS
   --server-pid PID --spin --json

   It is one thread and is meant to have a core of its own. It does less per
   message than any server can (edge-triggered polling, no second read), so
   that the server's core is the bottleneck; loader_cpu shows whether it was. */
#include "load.h"
#include "message.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: load [idle|flood] [--conns N] [--size BYTES] [--depth N] [--churn] [--limit MIB] [--warmup MS]\n"
    "            [--duration MS] [--server-pid PID] [--spin] [--json] {HOST PORT | tcp://HOST:PORT |\n"
    "            udp://HOST:PORT | unix://PATH}";

/* number parses a decimal in [min, max] or fails. */
static uint64_t number(const char *flag, const char *text, uint64_t min, uint64_t max) {
  char *end;
  unsigned long long v = strtoull(text, &end, 10);
  if (*text == '-' || end == text || *end || v < min || v > max)
    fail("bad --%s %s (want %llu to %llu)", flag, text, (unsigned long long)min, (unsigned long long)max);
  return v;
}

/* parse reads the command line behind an optional mode word. */
static struct options parse(int argc, char **argv) {
  static const struct option flags[] = {
      {"conns", required_argument, 0, 'c'},      {"size", required_argument, 0, 's'},
      {"warmup", required_argument, 0, 'w'},     {"duration", required_argument, 0, 'd'},
      {"server-pid", required_argument, 0, 'p'}, {"spin", no_argument, 0, 'S'},
      {"json", no_argument, 0, 'j'},             {"depth", required_argument, 0, 'n'},
      {"churn", no_argument, 0, 'C'},            {"limit", required_argument, 0, 'l'},
      {0}};
  struct options o = {.conns = 1, .size = 64, .depth = 1, .limit = 256 << 20,
                      .warmup_ns = 300000000, .duration_ns = 2000000000};
  int index = 0;
  for (int f; (f = getopt_long(argc, argv, "", flags, &index)) != -1;) {
    const char *name = flags[index].name;
    switch (f) {
    case 'c': o.conns = (uint32_t)number(name, optarg, 1, 1000000); break;
    case 's': o.size = number(name, optarg, MESSAGE_MIN, MESSAGE_MAX); break;
    case 'w': o.warmup_ns = number(name, optarg, 0, 600000) * 1000000; break;
    case 'd': o.duration_ns = number(name, optarg, 1, 600000) * 1000000; break;
    case 'p': o.server_pid = (pid_t)number(name, optarg, 1, INT32_MAX); break;
    case 'n': o.depth = (uint32_t)number(name, optarg, 1, DEPTH_MAX); break;
    case 'C': o.churn = true; break;
    case 'l': o.limit = number(name, optarg, 1, 4096) << 20; break;
    case 'S': o.spin = true; break;
    case 'j': o.json = true; break;
    default: fail("%s", usage);
    }
  }
  char addr[80];
  const char *server = argv[optind];
  if (argc - optind == 2)
    snprintf(addr, sizeof addr, "%s:%s", argv[optind], argv[optind + 1]), server = addr;
  else if (argc - optind != 1)
    fail("%s", usage);
  o.server = parse_endpoint(server);
  if (o.depth * o.size > MESSAGE_MAX) fail("--depth times --size is more than %d", MESSAGE_MAX);
  if (o.churn && o.depth > 1) fail("--churn sends one message on a connection");
  if (o.server.type == SOCK_DGRAM && (o.churn || o.depth > 1)) fail("datagrams have no --churn and no --depth");
  return o;
}

/* print_json prints the result as one line, which harness.ParseLoad reads. */
static void print_json(const struct options *o, const struct result *r) {
  const struct histogram *h = &r->latency;
  printf("{\"conns\":%u,\"size\":%zu,\"seconds\":%.6f,\"ops\":%llu,", o->conns, o->size, r->seconds,
         (unsigned long long)h->total);
  static const struct {
    const char *name;
    double q;
  } quantiles[] = {{"p50", .5}, {"p75", .75}, {"p90", .9}, {"p99", .99}, {"p999", .999}};
  for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
    printf("\"%s_us\":%.2f,", quantiles[i].name, hist_quantile(h, quantiles[i].q) / 1e3);
  printf("\"max_us\":%.2f,\"client_cpu_s\":%.6f,\"server_cpu_s\":%.6f,\"wakes\":%llu,"
         "\"corrupt\":%llu,\"closed\":%llu,\"stalled\":%llu,\"lost\":%llu}\n",
         (double)h->max / 1e3, r->loader_cpu, r->server_cpu, (unsigned long long)r->wakes,
         (unsigned long long)r->corrupt, (unsigned long long)r->closed, (unsigned long long)r->stalled,
         (unsigned long long)r->lost);
}

/* print_text prints the result for people. */
static void print_text(const struct options *o, const struct result *r) {
  const struct histogram *h = &r->latency;
  printf("%u connections, %zu bytes: %.0f requests/s over %.2f s\n", o->conns, o->size,
         (double)h->total / r->seconds, r->seconds);
  printf("latency: p50 %.1f µs, p99 %.1f µs, p99.9 %.1f µs, max %.1f µs\n", hist_quantile(h, .5) / 1e3,
         hist_quantile(h, .99) / 1e3, hist_quantile(h, .999) / 1e3, (double)h->max / 1e3);
  printf("CPU: loader %.0f %%", 100 * r->loader_cpu / r->seconds);
  if (o->server_pid)
    printf(", server %.0f %%, %.2f µs per request", 100 * r->server_cpu / r->seconds,
           1e6 * r->server_cpu / (double)h->total);
  printf("\nerrors: %llu corrupt, %llu closed, %llu stalled, %llu lost\n", (unsigned long long)r->corrupt,
         (unsigned long long)r->closed, (unsigned long long)r->stalled, (unsigned long long)r->lost);
}

int main(int argc, char **argv) {
  bool idle = argc > 1 && strcmp(argv[1], "idle") == 0, flood = argc > 1 && strcmp(argv[1], "flood") == 0;
  struct options o = idle || flood ? parse(argc - 1, argv + 1) : parse(argc, argv);
  if (raise_nofile((uint64_t)o.conns + 64) < (uint64_t)o.conns + 64)
    fail("%u connections need more open files than `ulimit -n` allows", o.conns);
  if (idle || flood) {
    idle ? run_idle(&o) : run_flood(&o);
    return 0;
  }
  static struct result r;
  o.server.type == SOCK_DGRAM ? run_udp(&o, &r) : run_echo(&o, &r);
  if (r.latency.total == 0)
    fail("no request completed (%llu corrupt, %llu closed)", (unsigned long long)r.corrupt,
         (unsigned long long)r.closed);
  o.json ? print_json(&o, &r) : print_text(&o, &r);
  return r.corrupt + r.closed > 0;
}
