package interop

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// A redisServer is a Redis server of the test's own, on a loopback port and on a
// unix socket.
type redisServer struct {
	port   int
	socket string
	*daemon
}

// startRedis serves until the test ends.
func startRedis(t *testing.T) *redisServer {
	t.Helper()
	who := ordinary(t, "redis", "nobody")
	dir := shortDir(t, who)
	s := &redisServer{socket: filepath.Join(dir, "redis.sock")}
	var err error
	for range 3 { // somebody else may take the port
		s.port = freePort(t)
		cmd := exec.Command(installed(t, "redis-server"), "--bind", "127.0.0.1", "--port", strconv.Itoa(s.port),
			"--unixsocket", s.socket, "--unixsocketperm", "777", "--dir", dir, "--save", "", "--appendonly", "no")
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: who}
		if s.daemon, err = startDaemon(cmd, "eady to accept connections"); err == nil {
			break
		}
	}
	uvtest.Check(t, err)
	t.Cleanup(func() {
		if err := s.stop(syscall.SIGTERM); err != nil {
			t.Error(err)
		} else if t.Failed() {
			t.Log(s.output())
		}
	})
	return s
}

// client makes a client that dials through p and tries nothing twice, so that
// every failure of a connection is seen.
func (s *redisServer) client(t testing.TB, p stack, network string, change ...func(*redis.Options)) *redis.Client {
	t.Helper()
	o := &redis.Options{
		Network:                  network,
		Addr:                     "127.0.0.1:" + strconv.Itoa(s.port),
		Dialer:                   p.dial,
		MaxRetries:               -1,
		ReadTimeout:              maxWait,
		WriteTimeout:             maxWait,
		ContextTimeoutEnabled:    true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if network == "unix" {
		o.Addr = s.socket
	}
	for _, f := range change {
		f(o)
	}
	c := redis.NewClient(o)
	t.Cleanup(func() { c.Close() })
	return c
}
