package interop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// TestPostgres runs pgx on one server; the restart comes last.
func TestPostgres(t *testing.T) {
	pg := startPostgres(t)
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			eachStack(t, func(t *testing.T, p stack) {
				if p.name == ofNet.name && network == "unix" && testing.Short() {
					t.Skip("package net, for comparison, runs on TCP only in -short")
				}
				for _, test := range []struct {
					name string
					run  func(t *testing.T, pg *postgres, p stack, network string)
				}{
					{"queries", postgresQueries},
					{"large", postgresLarge},
					{"batch", postgresBatch},
					{"pool", postgresPool},
					{"copy", postgresCopy},
					{"notify", postgresNotify},
					{"cancel-closes", postgresCancelCloses},
					{"cancel-request", postgresCancelRequest},
				} {
					t.Run(test.name, func(t *testing.T) { test.run(t, pg, p, network) })
				}
			})
		})
	}
	t.Run("tls", func(t *testing.T) {
		eachStack(t, func(t *testing.T, p stack) { postgresTLS(t, pg, p) })
	})
	t.Run("restart", func(t *testing.T) {
		eachStack(t, func(t *testing.T, p stack) { postgresRestart(t, pg, p) })
	})
}

// postgresQueries asks in each of pgx's modes, prepared statements among them.
func postgresQueries(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	for _, mode := range []pgx.QueryExecMode{
		pgx.QueryExecModeCacheStatement, pgx.QueryExecModeCacheDescribe, pgx.QueryExecModeDescribeExec,
		pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol,
	} {
		config := pg.config(t, p, pg.url(network))
		config.DefaultQueryExecMode = mode
		c := connectPostgres(ctx, t, config)
		rows, err := c.Query(ctx, "select n, n::text from generate_series(1, $1) n", 500)
		uvtest.Check(t, err)
		type row struct {
			N    int
			Text string
		}
		got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
		if err != nil || len(got) != 500 {
			t.Fatalf("%v: %d rows, %v", mode, len(got), err)
		}
		for i, r := range got {
			if r.N != i+1 || r.Text != fmt.Sprint(i+1) {
				t.Fatalf("%v: row %d is %v", mode, i, r)
			}
		}
		var pgErr *pgconn.PgError
		if _, err := c.Exec(ctx, "select 1/$1::int", 0); !errors.As(err, &pgErr) || pgErr.Code != "22012" {
			t.Errorf("%v: division by zero: %v", mode, err)
		}
	}
	c := pg.connect(ctx, t, p, network)
	_, err := c.Prepare(ctx, "double", "select 2 * $1::int")
	uvtest.Check(t, err)
	for i := range scale(2000, 500) {
		var got int
		if err := c.QueryRow(ctx, "double", i).Scan(&got); err != nil || got != 2*i {
			t.Fatalf("2 * %d = %d, %v", i, got, err)
		}
	}
}

// postgresLarge sends a row of many megabytes there and back.
func postgresLarge(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	c := pg.connect(ctx, t, p, network)
	sent := make([]byte, scale(24<<20, 6<<20))
	_, _ = rand.Read(sent)
	var got []byte
	var n int
	uvtest.Check(t, c.QueryRow(ctx, "select $1::bytea, length($1)", sent).Scan(&got, &n))
	if !bytes.Equal(got, sent) || n != len(sent) {
		t.Errorf("%d bytes came back as %d others; the server saw %d", len(sent), len(got), n)
	}
}

// postgresBatch has many statements under way before the first answer.
func postgresBatch(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	c := pg.connect(ctx, t, p, network)
	batch := new(pgx.Batch)
	const n = 2000
	for i := range n {
		batch.Queue("select $1::int, repeat('x', 500)", i)
	}
	results := c.SendBatch(ctx, batch)
	for i := range n {
		var got int
		var text string
		if err := results.QueryRow().Scan(&got, &text); err != nil || got != i || len(text) != 500 {
			t.Fatalf("answer %d is %d with %d bytes, %v", i, got, len(text), err)
		}
	}
	uvtest.Check(t, results.Close())
}

// postgresPool has goroutines share fewer connections than they are.
func postgresPool(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	config, err := pgxpool.ParseConfig(pg.url(network))
	uvtest.Check(t, err)
	config.ConnConfig.DialFunc = p.dial
	config.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(ctx, config)
	uvtest.Check(t, err)
	defer pool.Close()
	_, err = pool.Exec(ctx, "create table tally (who int primary key, n int not null default 0)")
	uvtest.Check(t, err)
	defer func() {
		_, err := pool.Exec(ctx, "drop table tally")
		uvtest.Check(t, err)
	}()
	const goroutines = 50
	rounds := scale(40, 10)
	var wg sync.WaitGroup
	for who := range goroutines {
		wg.Go(func() {
			if _, err := pool.Exec(ctx, "insert into tally (who) values ($1)", who); err != nil {
				t.Error(err)
				return
			}
			for i := range rounds {
				var n int
				err := pool.QueryRow(ctx, "update tally set n = n + 1 where who = $1 returning n", who).Scan(&n)
				if err != nil || n != i+1 {
					t.Errorf("goroutine %d, round %d: %d, %v", who, i, n, err)
					return
				}
			}
		})
	}
	wg.Wait()
	var sum int
	uvtest.Check(t, pool.QueryRow(ctx, "select sum(n) from tally").Scan(&sum))
	if sum != goroutines*rounds {
		t.Errorf("the sum is %d, want %d", sum, goroutines*rounds)
	}
}

// postgresRestart sees the server leave and come back.
func postgresRestart(t *testing.T, pg *postgres, p stack) {
	ctx := bounded(t)
	watch := pg.connect(ctx, t, ofNet, "tcp")
	idle := pg.connect(ctx, t, p, "tcp")
	busy := pg.connect(ctx, t, p, "tcp")
	ended := make(chan error, 1)
	pid := busy.PgConn().PID()
	go func() {
		_, err := busy.Exec(ctx, "select pg_sleep(600)")
		ended <- err
	}()
	awaitActivity(ctx, t, watch, pid)
	uvtest.Check(t, pg.stop(syscall.SIGINT))
	if err := <-ended; err == nil {
		t.Error("a query under way survived the server")
	}
	if !busy.IsClosed() {
		t.Error("its connection is not closed")
	}
	if _, err := idle.Exec(ctx, "select 1"); err == nil {
		t.Error("an idle connection survived the server")
	}
	if _, err := p.connectError(ctx, t, pg); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting while the server is away: %v", err)
	}
	uvtest.Check(t, pg.start())
	var one int
	if err := pg.connect(ctx, t, p, "tcp").QueryRow(ctx, "select 1").Scan(&one); err != nil || one != 1 {
		t.Errorf("after the restart: %d, %v", one, err)
	}
}

// connectError connects where that should fail.
func (p stack) connectError(ctx context.Context, t testing.TB, pg *postgres) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, pg.config(t, p, pg.url("tcp")))
}

// awaitActivity returns when the server runs a query for the process pid.
func awaitActivity(ctx context.Context, t testing.TB, watch *pgx.Conn, pid uint32) {
	t.Helper()
	for active := false; !active; {
		uvtest.Check(t, watch.QueryRow(ctx,
			"select exists (select from pg_stat_activity where pid = $1 and state = 'active')", pid).Scan(&active))
	}
}
