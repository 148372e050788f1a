package interop

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/uvgo/uvgo/internal/uvtest"
	"github.com/uvgo/uvgo/uvnet"
)

// A postgres is a PostgreSQL server of the test's own: on a loopback port, with
// and without TLS, and on a unix socket in dir.
type postgres struct {
	dir, bin string
	port     int
	as       *syscall.Credential
	*daemon
}

// startPostgres makes a database cluster and serves it until the test ends.
func startPostgres(t *testing.T) *postgres {
	t.Helper()
	pg := &postgres{as: ordinary(t, "postgres", "nobody"), bin: postgresBin(t)}
	pg.dir = shortDir(t, pg.as)
	data := filepath.Join(pg.dir, "data")
	cmd := pg.command("initdb", "-D", data, "-U", "uvgo", "-A", "trust", "-N", "-E", "UTF8", "--no-locale", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	authority := uvtest.NewAuthority(t)
	cert := authority.Issue(t, "localhost")
	key := uvtest.Must(x509.MarshalPKCS8PrivateKey(cert.PrivateKey))
	for name, text := range map[string][]byte{
		"server.crt": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}),
		"server.key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		path := filepath.Join(data, name)
		uvtest.Check(t, os.WriteFile(path, text, 0o600))
		if pg.as != nil {
			uvtest.Check(t, os.Chown(path, int(pg.as.Uid), int(pg.as.Gid)))
		}
	}
	uvtest.Check(t, os.WriteFile(pg.root(), authority.PEM(), 0o644))
	var err error
	for range 3 { // somebody else may take the port
		pg.port = freePort(t)
		if err = pg.start(); err == nil {
			break
		}
	}
	uvtest.Check(t, err)
	t.Cleanup(func() {
		if err := pg.stop(syscall.SIGINT); err != nil {
			t.Error(err)
		} else if t.Failed() {
			t.Log(pg.output())
		}
	})
	return pg
}

// start starts the server on pg.port.
func (pg *postgres) start() (err error) {
	pg.daemon, err = startDaemon(pg.command("postgres", "-D", filepath.Join(pg.dir, "data"),
		"-h", "127.0.0.1", "-p", strconv.Itoa(pg.port), "-k", pg.dir,
		"-c", "fsync=off", "-c", "ssl=on", "-c", "max_connections=60",
		"-c", "shared_buffers=32MB", "-c", "autovacuum=off"),
		"ready to accept connections")
	return err
}

func (pg *postgres) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(pg.bin, name), args...)
	cmd.Dir = pg.dir
	cmd.Env = append(os.Environ(), "LC_ALL=C", "TZ=UTC")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: pg.as}
	return cmd
}

// root is the file of the certificate that the server's is to be verified with.
func (pg *postgres) root() string { return filepath.Join(pg.dir, "root.crt") }

// url is where the server is, on network tcp or unix.
func (pg *postgres) url(network string) string {
	host := "127.0.0.1"
	if network == "unix" {
		host = pg.dir
	}
	return fmt.Sprintf("host=%s port=%d user=uvgo dbname=postgres sslmode=disable", host, pg.port)
}

// config has pgx dial through p.
func (pg *postgres) config(t testing.TB, p stack, url string) *pgx.ConnConfig {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	uvtest.Check(t, err)
	config.DialFunc = p.dial
	if p.name == ofUvnet.name {
		config.LookupFunc = new(uvnet.Resolver).LookupHost
	}
	return config
}

// connect connects through p until the test ends.
func (pg *postgres) connect(ctx context.Context, t testing.TB, p stack, network string) *pgx.Conn {
	t.Helper()
	return connectPostgres(ctx, t, pg.config(t, p, pg.url(network)))
}

func connectPostgres(ctx context.Context, t testing.TB, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	c, err := pgx.ConnectConfig(ctx, config)
	uvtest.Check(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c.Close(ctx)
	})
	return c
}

// postgresBin returns where Debian has the newest server, or PATH any.
func postgresBin(t testing.TB) string {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	uvtest.Check(t, err)
	if len(found) == 0 {
		return filepath.Dir(installed(t, "initdb"))
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) }))
}
