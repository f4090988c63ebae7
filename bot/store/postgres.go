package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"cyberbrief/bot/store/queries"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	// migrationLock is the key of the advisory lock: "cyberbri" in ASCII.
	migrationLock = 0x6379626572627269
	// River listens on one connection for good, and a migration works on one
	// while it holds the lock on another.
	minConns = 4
	// defaultConns is for a URL without pool_max_conns.
	defaultConns = 10
	// connectTimeout is for a URL without connect_timeout.
	connectTimeout = 5 * time.Second
	// idleTransaction is when the server ends a transaction in which nothing
	// happens, unless the URL says so: nobody waits for it any more, and that of
	// a replica that stands still or lost its network would lock rows for hours.
	// https://www.postgresql.org/docs/current/runtime-config-client.html
	idleTransaction = callTimeout
	idleParameter   = "idle_in_transaction_session_timeout"
	// rollbackTimeout bounds the end of a transaction whose context is over.
	rollbackTimeout = 2 * time.Second
)

// postgresEngine is a server that any number of replicas share.
type postgresEngine struct {
	db       *sql.DB
	opts     Options
	pool     *pgxpool.Pool
	inserter *river.Client[pgx.Tx]
}

// openPostgres connects one pool for River and, through database/sql, for us.
func openPostgres(ctx context.Context, address string, opts Options) (engine, *sql.DB, error) {
	config, err := poolConfig(address)
	if err != nil {
		return nil, nil, err
	}
	e := &postgresEngine{opts: opts}
	if e.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, nil, err
	}
	e.db = stdlib.OpenDBFromPool(e.pool)
	if err := e.db.PingContext(ctx); err != nil {
		return nil, nil, errors.Join(explain(e, err), e.close())
	}
	e.inserter, err = river.NewClient(riverpgxv5.New(e.pool), &river.Config{Logger: opts.Logger})
	if err != nil {
		return nil, nil, errors.Join(err, e.close())
	}
	return e, e.db, nil
}

func poolConfig(address string) (*pgxpool.Config, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if !u.Query().Has("pool_max_conns") {
		config.MaxConns = defaultConns
	}
	config.MaxConns = max(config.MaxConns, minConns)
	if !u.Query().Has("connect_timeout") {
		config.ConnConfig.ConnectTimeout = connectTimeout
	}
	if config.ConnConfig.RuntimeParams["application_name"] == "" {
		config.ConnConfig.RuntimeParams["application_name"] = "cyberbrief"
	}
	if config.ConnConfig.RuntimeParams[idleParameter] == "" {
		config.AfterConnect = endIdle
	}
	return config, nil
}

// endIdle sets idleTransaction. It is no parameter of the connection, for a
// pooler between us and the server may refuse one that it does not know.
func endIdle(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, fmt.Sprintf("SET %s = %d", idleParameter, idleTransaction.Milliseconds()))
	return err
}

// lock holds an advisory lock, which the server drops with the connection.
func (e *postgresEngine) lock(ctx context.Context) (func(), error) {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		conn.Close()
		return nil, err
	}
	return func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
		defer cancel()
		if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", int64(migrationLock)); err != nil {
			e.opts.Logger.Warn("unlock database", "error", err)
		}
		conn.Close()
	}, nil
}

func (e *postgresEngine) migrateQueue(ctx context.Context) error {
	m, err := rivermigrate.New(riverpgxv5.New(e.pool), &rivermigrate.Config{Logger: e.opts.Logger})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// prepare has nothing to do: pgx prepares each statement when it is used first,
// on each connection.
func (e *postgresEngine) prepare(context.Context) (*queries.Queries, error) {
	return queries.New(e.db), nil
}

// inTx begins the transaction below database/sql, because River wants pgx's
// own; our statements go through the same connection and so are part of it.
func (e *postgresEngine) inTx(ctx context.Context, f func(tx) error) error {
	conn, err := e.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	t, err := begin(ctx, conn)
	if err != nil {
		return err
	}
	defer rollback(ctx, t)
	enqueue := func(ctx context.Context, args river.JobArgs) error {
		_, err := e.inserter.InsertTx(ctx, t, args, nil)
		return err
	}
	if err := f(tx{queries.New(conn), conn, enqueue}); err != nil {
		return err
	}
	return t.Commit(ctx)
}

// beginQuery has the server find each row that a transaction names by its
// key. It would else read a whole table to join it with the few steps of a
// group, whose number and cost it does not know.
const beginQuery = `BEGIN;
	SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
	SET LOCAL random_page_cost = 1`

func begin(ctx context.Context, conn *sql.Conn) (t pgx.Tx, err error) {
	err = conn.Raw(func(driver any) error {
		t, err = driver.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: beginQuery})
		return err
	})
	return t, err
}

// rollback does nothing after a commit.
func rollback(ctx context.Context, t pgx.Tx) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	t.Rollback(ctx)
}

// maxGroups leaves the server something to do while one group's commit waits
// for the disk. More groups are smaller ones, and cost more.
func (e *postgresEngine) maxGroups() int { return 2 }

// maxJobs is River's own limit: the pool serves those that write.
func (e *postgresEngine) maxJobs() int { return river.QueueNumWorkersMax }

func (e *postgresEngine) client(c *river.Config) (client, error) {
	return river.NewClient(riverpgxv5.New(e.pool), c)
}

// now is the server's clock, unless the store was given one.
func (e *postgresEngine) now(ctx context.Context, conn queries.DBTX) (time.Time, error) {
	if e.opts.Clock != nil {
		return e.opts.Clock(), nil
	}
	var ms int64
	err := conn.QueryRowContext(ctx, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint)").Scan(&ms)
	return time.UnixMilli(ms), err
}

// advice reads https://www.postgresql.org/docs/current/errcodes-appendix.html.
func (e *postgresEngine) advice(err error) (string, error) {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch failure.Code {
		case "28P01", "28000":
			return "check user and password in DATABASE_URL", nil
		case "3D000":
			return "create the database first, or name another one in DATABASE_URL", nil
		case "42501":
			return "give the user the right to create tables", nil
		case "25006":
			return "the server only reads: name the primary in DATABASE_URL", nil
		case "53300":
			return "the server has no connection left: raise its max_connections, or lower pool_max_conns in DATABASE_URL", nil
		case "55P03":
			return "let the other program finish, and try again", ErrLocked
		}
		return "", nil
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); ok {
		return "start the server, or correct host and port in DATABASE_URL", nil
	}
	return "", nil
}

func (e *postgresEngine) close() error {
	err := e.db.Close()
	e.pool.Close()
	return err
}
