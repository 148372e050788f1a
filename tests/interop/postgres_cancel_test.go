package interop

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// cancelled runs a query that takes forever and cancels its context once the
// server is at it.
func cancelled(ctx context.Context, t *testing.T, c, watch *pgx.Conn) error {
	t.Helper()
	under, cancel := context.WithCancel(ctx)
	defer cancel()
	pid := c.PgConn().PID()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Exec(under, "select pg_sleep(600)")
		ended <- err
	}()
	awaitActivity(ctx, t, watch, pid)
	cancel()
	return <-ended
}

// postgresCancelCloses is pgx's default: the context's end sets a deadline in
// the past, and the connection is closed after a request to cancel.
func postgresCancelCloses(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	watch := pg.connect(ctx, t, ofNet, network)
	c := pg.connect(ctx, t, p, network)
	pid := c.PgConn().PID()
	if err := cancelled(ctx, t, c, watch); !errors.Is(err, context.Canceled) {
		t.Errorf("the query ended with %v", err)
	}
	if !c.IsClosed() {
		t.Error("the connection is still open")
	}
	<-c.PgConn().CleanupDone()
	for lives := true; lives; { // the server has been told, or it would sleep for minutes
		uvtest.Check(t, watch.QueryRow(ctx, "select exists (select from pg_stat_activity where pid = $1)", pid).Scan(&lives))
	}
}

// postgresCancelRequest has pgx ask the server to cancel, over a second
// connection: the first one stays usable.
func postgresCancelRequest(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	watch := pg.connect(ctx, t, ofNet, network)
	config := pg.config(t, p, pg.url(network))
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: time.Minute}
	}
	c := connectPostgres(ctx, t, config)
	for range 5 {
		var pgErr *pgconn.PgError
		if err := cancelled(ctx, t, c, watch); !errors.As(err, &pgErr) || pgErr.Code != "57014" {
			t.Fatalf("the query ended with %v", err)
		}
		var one int
		if err := c.QueryRow(ctx, "select 1").Scan(&one); err != nil || one != 1 {
			t.Fatalf("the query after it: %d, %v", one, err)
		}
	}
}

// postgresNotify waits for notifications; deadlines end the wait and leave the
// connection as it was.
func postgresNotify(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	c, sender := pg.connect(ctx, t, p, network), pg.connect(ctx, t, p, network)
	_, err := c.Exec(ctx, "listen news")
	uvtest.Check(t, err)
	for range 20 {
		short, cancel := context.WithTimeout(ctx, 2*time.Millisecond)
		_, err := c.WaitForNotification(short)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("waiting 2 ms for nothing: %v", err)
		}
	}
	const n = 500
	failed := make(chan error, 1)
	go func() {
		for i := range n {
			if _, err := sender.Exec(ctx, "select pg_notify('news', $1)", string(rune('a'+i%26))); err != nil {
				failed <- err
				return
			}
		}
		failed <- nil
	}()
	for i := range n {
		note, err := c.WaitForNotification(ctx)
		if err != nil || note.Payload != string(rune('a'+i%26)) || note.Channel != "news" {
			t.Fatalf("notification %d: %v, %v", i, note, err)
		}
	}
	uvtest.Check(t, <-failed)
	var one int
	if err := c.QueryRow(ctx, "select 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("a query afterwards: %d, %v", one, err)
	}
}

// postgresTLS verifies the server, by its name through p's resolver.
func postgresTLS(t *testing.T, pg *postgres, p stack) {
	ctx := bounded(t)
	url := func(root string) string {
		return "host=localhost user=uvgo dbname=postgres sslmode=verify-full sslrootcert=" + root
	}
	config := pg.config(t, p, url(pg.root()))
	config.Port = uint16(pg.port)
	for _, f := range config.Fallbacks {
		f.Port = uint16(pg.port)
	}
	c := connectPostgres(ctx, t, config)
	var encrypted bool
	uvtest.Check(t, c.QueryRow(ctx, "select ssl from pg_stat_ssl where pid = pg_backend_pid()").Scan(&encrypted))
	if !encrypted {
		t.Error("the server does not see TLS")
	}
	var text string
	uvtest.Check(t, c.QueryRow(ctx, "select repeat('uvgo', $1)", scale(2<<20, 1<<18)).Scan(&text))
	if len(text) != 4*scale(2<<20, 1<<18) {
		t.Errorf("%d bytes over TLS", len(text))
	}
	watch := pg.connect(ctx, t, ofNet, "tcp")
	if err := cancelled(ctx, t, c, watch); !errors.Is(err, context.Canceled) {
		t.Errorf("a query over TLS, cancelled: %v", err)
	}

	stranger := pg.config(t, p, url(pg.root()))
	stranger.Port = uint16(pg.port)
	stranger.TLSConfig.RootCAs = nil
	if c, err := pgx.ConnectConfig(ctx, stranger); err == nil {
		c.Close(ctx)
		t.Error("a certificate of nobody's was accepted")
	} else if errors.Is(err, net.ErrClosed) {
		t.Errorf("the reason is lost: %v", err)
	}
}
