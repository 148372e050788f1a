package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// config is the command line.
type config struct {
	dir              string // the bench directory
	rounds           int
	warmup, duration time.Duration
	idle             int
	idleRounds       int
	servers          []serverSpec
	subject          string
	scenarios        []scenario
	json             string
	spin, check      bool
}

// defaultServers leaves out gnet, whose figures are for information.
const defaultServers = "uvgo,libuv,libuv-write,epoll,net,netpoll"

// parseFlags parses and checks the command line.
func parseFlags(args []string) (*config, error) {
	c := &config{}
	var only, servers string
	fs := flag.NewFlagSet("bench-echo", flag.ExitOnError)
	fs.StringVar(&c.dir, "dir", ".", "the bench `directory`")
	fs.IntVar(&c.rounds, "rounds", 5, "rounds; each measures every scenario and server once")
	fs.DurationVar(&c.warmup, "warmup", 300*time.Millisecond, "load before each measurement")
	fs.DurationVar(&c.duration, "duration", 2*time.Second, "length of each measurement")
	fs.IntVar(&c.idle, "idle", 15000, "idle connections of the memory scenario")
	fs.IntVar(&c.idleRounds, "idle-rounds", 2, "rounds of the memory scenario")
	fs.StringVar(&servers, "servers", defaultServers, "comma-separated `list`, or all")
	fs.StringVar(&c.subject, "subject", "uvgo", "the server whose ratios to the others are printed")
	fs.StringVar(&only, "only", "", "run only scenarios whose name matches this `regexp` (\"idle\" is one)")
	fs.StringVar(&c.json, "json", "", "write every measurement to this `file`")
	fs.BoolVar(&c.spin, "spin", false, "the load generator polls without sleeping")
	fs.BoolVar(&c.check, "check", false, "exit with status 1 if a target is missed")
	fs.Parse(args)

	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if c.rounds < 1 || c.rounds > 100 || c.idleRounds < 1 || c.idleRounds > 100 {
		return nil, fmt.Errorf("rounds must be 1 to 100")
	}
	if c.duration < 50*time.Millisecond || c.duration > time.Minute || c.warmup < 0 || c.warmup > time.Minute {
		return nil, fmt.Errorf("-duration must be 50ms to 1m, -warmup at most 1m")
	}
	if c.idle < 1 || c.idle > 100000 {
		return nil, fmt.Errorf("-idle must be 1 to 100000")
	}
	if _, err := os.Stat(filepath.Join(c.dir, "c", "load.c")); err != nil {
		return nil, fmt.Errorf("%s is not the bench directory (no c/load.c): run inside bench/ or give -dir", c.dir)
	}
	var err error
	if c.servers, err = selectServers(servers); err != nil {
		return nil, err
	}
	match, err := regexp.Compile(only)
	if err != nil {
		return nil, fmt.Errorf("-only: %w", err)
	}
	for _, s := range scenarios {
		if match.MatchString(s.Name) {
			c.scenarios = append(c.scenarios, s)
		}
	}
	if len(c.scenarios) == 0 {
		return nil, fmt.Errorf("-only %s matches none of %s", only, strings.Join(scenarioNames(), ", "))
	}
	return c, nil
}

// estimate is about how long the run takes, builds excepted.
func (c *config) estimate() time.Duration {
	var total time.Duration
	for _, s := range c.scenarios {
		each := c.warmup + c.duration + 200*time.Millisecond
		rounds := c.rounds
		if s.idle() {
			each = 2*settle + time.Duration(c.idle)*100*time.Microsecond
			rounds = c.idleRounds
		}
		total += time.Duration(rounds*len(c.servers)) * each
	}
	return total
}
