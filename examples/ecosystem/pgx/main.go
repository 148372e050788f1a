// Pgx uses PostgreSQL through pgx with connections on libuv: a pool, a transaction, a copy of many rows, and
// notifications. Two lines differ from a program on package net. Try it with any PostgreSQL server:
//
//	cd examples/ecosystem
//	go run ./pgx -url 'host=127.0.0.1 user=postgres dbname=postgres'
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/uvgo/uvgo/uvnet"
)

func main() {
	url := flag.String("url", "", "the `connection string`; what it leaves out comes from PGHOST and others")
	rows := flag.Int("rows", 10_000, "how many rows to copy")
	flag.Parse()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, *url, *rows); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, url string, rows int) error {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return err
	}
	config.ConnConfig.DialFunc = uvnet.DialContext                // the default: a net.Dialer's
	config.ConnConfig.LookupFunc = new(uvnet.Resolver).LookupHost // the default: a net.Resolver's
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()

	// Temporary tables belong to one connection, so take one for all of it.
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	if err := transaction(ctx, conn.Conn(), rows); err != nil {
		return err
	}
	return notification(ctx, pool, conn.Conn())
}

// transaction copies rows into a table, and asks for their sum. All of it happens, or nothing.
func transaction(ctx context.Context, conn *pgx.Conn, rows int) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "create temporary table numbers (n bigint, square bigint)"); err != nil {
			return err
		}
		n := int64(0)
		copied, err := tx.CopyFrom(ctx, pgx.Identifier{"numbers"}, []string{"n", "square"}, pgx.CopyFromFunc(func() ([]any, error) {
			if n == int64(rows) {
				return nil, nil
			}
			n++
			return []any{n, n * n}, nil
		}))
		if err != nil {
			return err
		}
		var sum int64
		if err := tx.QueryRow(ctx, "select coalesce(sum(square), 0)::bigint from numbers").Scan(&sum); err != nil {
			return err
		}
		fmt.Printf("copied %d rows, the sum of the squares is %d\n", copied, sum)
		return nil
	})
}

// notification waits for what another connection tells this one.
func notification(ctx context.Context, pool *pgxpool.Pool, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "listen uvgo"); err != nil {
		return err
	}
	if _, err := pool.Exec(ctx, "select pg_notify('uvgo', $1)", "hello from another connection"); err != nil {
		return err
	}
	got, err := conn.WaitForNotification(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("notified: %s\n", got.Payload)
	return nil
}
