package interop

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/uvgo/uvgo/internal/uvtest"
)

// postgresCopy copies rows in and out, checks them on both ends, and ends a copy
// in the middle.
func postgresCopy(t *testing.T, pg *postgres, p stack, network string) {
	ctx := bounded(t)
	c := pg.connect(ctx, t, p, network)
	_, err := c.Exec(ctx, "create temp table copied (id bigint, label text)")
	uvtest.Check(t, err)
	const rows = 100_000
	label := func(i int) string { return fmt.Sprintf("row %d of a copy, with some text behind it", i) }
	n, err := c.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "label"},
		pgx.CopyFromSlice(rows, func(i int) ([]any, error) { return []any{int64(i), label(i)}, nil }))
	if err != nil || n != rows {
		t.Fatalf("%d rows were copied in, %v", n, err)
	}
	var count, distinct int
	uvtest.Check(t, c.QueryRow(ctx, `select count(*), count(distinct id) from copied
		where label = 'row ' || id || ' of a copy, with some text behind it'`).Scan(&count, &distinct))
	if count != rows || distinct != rows {
		t.Errorf("the server has %d rows, %d different", count, distinct)
	}

	want := sha256.New()
	w := bufio.NewWriter(want)
	for i := range rows {
		fmt.Fprintf(w, "%d\t%s\n", i, label(i))
	}
	w.Flush()
	got := sha256.New()
	tag, err := c.PgConn().CopyTo(ctx, got, "copy (select * from copied order by id) to stdout")
	if err != nil || tag.RowsAffected() != rows {
		t.Fatalf("%d rows were copied out, %v", tag.RowsAffected(), err)
	}
	if string(got.Sum(nil)) != string(want.Sum(nil)) {
		t.Error("what was copied out differs from what was copied in")
	}
	postgresCopyFails(ctx, t, c)
	postgresCopyCancelled(ctx, t, pg.connect(ctx, t, p, network))
}

// postgresCopyFails has the source of a copy fail in the middle: the connection
// stays usable.
func postgresCopyFails(ctx context.Context, t *testing.T, c *pgx.Conn) {
	t.Helper()
	broken := errors.New("broken")
	_, err := c.CopyFrom(ctx, pgx.Identifier{"copied"}, []string{"id", "label"},
		pgx.CopyFromSlice(30_000, func(i int) ([]any, error) {
			if i == 20_000 {
				return nil, broken
			}
			return []any{int64(-1), "lost"}, nil
		}))
	if err == nil {
		t.Error("a copy from a broken source succeeded")
	}
	var lost int
	if err := c.QueryRow(ctx, "select count(*) from copied where id < 0").Scan(&lost); err != nil || lost != 0 {
		t.Errorf("after a copy that failed: %d rows of it, %v", lost, err)
	}
}

// postgresCopyCancelled cancels a copy out whose reader is in the middle.
func postgresCopyCancelled(ctx context.Context, t *testing.T, c *pgx.Conn) {
	t.Helper()
	under, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &cancelAfter{n: 1 << 20, cancel: cancel}
	_, err := c.PgConn().CopyTo(under, w, "copy (select repeat('x', 1000) from generate_series(1, 10000000)) to stdout")
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a copy out that was cancelled: %v", err)
	}
	if !c.IsClosed() {
		t.Error("its connection is still open")
	}
}

// cancelAfter takes n bytes, then cancels and goes on taking.
type cancelAfter struct {
	n      int
	cancel func()
}

var _ io.Writer = (*cancelAfter)(nil)

func (w *cancelAfter) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		w.cancel()
	}
	return len(p), nil
}
