// Package store keeps everything that has to outlive the process in one SQL
// database: SQLite for one process, PostgreSQL for any number of replicas.
// Both have the same tables (migrations), the same statements (queries.sql)
// and the same promises; sqlite.go and postgres.go hold all that differs.
//
// Store implements the keepers of package bot, Ledger the ledger of package
// delivery, and Queue runs the jobs of River in the same database, so that a
// row and the job that works on it are written together or not at all.
//
// Times are stored in milliseconds; what is finer is lost. Each call is
// bounded by callTimeout beside the caller's context. All types are safe for
// concurrent use.
package store

//go:generate go run github.com/sqlc-dev/sqlc/cmd/sqlc@v1.31.1 generate
