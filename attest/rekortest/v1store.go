package rekortest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/storage"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/storage/postgresql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

func openMemory() (storage.AdminStorage, storage.LogStorage) {
	trees := memory.NewTreeStorage()
	return memory.NewAdminStorage(trees), newDedupStore(memory.NewLogStorage(trees, monitoring.InertMetricFactory{}))
}

// openPostgres opens Trillian's PostgreSQL store, with its schema in place.
func openPostgres(ctx context.Context, dsn string, metrics monitoring.MetricFactory) (storage.AdminStorage, storage.LogStorage, func(context.Context) error, error) {
	// Errors say what failed, not dsn: it may hold a password.
	db, err := postgresql.OpenDB(dsn)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("opening the Postgres store (want postgres://user@host:port/database): %w", err)
	}
	if err := ensureSchema(ctx, db); err != nil {
		db.Close()
		return nil, nil, nil, err
	}
	closeDB := func(context.Context) error {
		db.Close()
		return nil
	}
	return postgresql.NewAdminStorage(db), postgresql.NewLogStorage(db, metrics), closeDB, nil
}

// schemaLock is the advisory lock that keeps two processes from making the same
// tables at once. The number means nothing; it only has to be ours.
const schemaLock = 0x57e11a

// ensureSchema makes Trillian's tables if the database has none. Trillian does
// not embed its schema, and a copy here would drift from the store's code, so it
// is read from the module that this program was built with.
func ensureSchema(ctx context.Context, db *pgxpool.Pool) error {
	return pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", schemaLock); err != nil {
			return fmt.Errorf("locking the Postgres store: %w", err)
		}
		var there bool
		if err := tx.QueryRow(ctx, "SELECT to_regclass('trees') IS NOT NULL").Scan(&there); err != nil {
			return fmt.Errorf("looking for Trillian's tables: %w", err)
		}
		if there {
			return nil
		}
		schema, err := trillianSchema(ctx)
		if err != nil {
			return err
		}
		// The simple protocol takes a whole script.
		if _, err := tx.Conn().PgConn().Exec(ctx, string(schema)).ReadAll(); err != nil {
			return fmt.Errorf("making Trillian's tables: %w", err)
		}
		return nil
	})
}

// trillianSchema reads storage.sql from the module cache, through the go command.
func trillianSchema(ctx context.Context) ([]byte, error) {
	const file = "storage/postgresql/schema/storage.sql"
	at := trillianModule + "@" + linkedVersion(trillianModule, memory.NewTreeStorage)
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", at).Output()
	var info struct{ Dir string }
	if err == nil {
		err = json.Unmarshal(out, &info)
	}
	if err != nil {
		return nil, fmt.Errorf("finding Trillian's schema (go mod download %s): %w; or run %s of that module on the database yourself", at, err, file)
	}
	schema, err := os.ReadFile(filepath.Join(info.Dir, filepath.FromSlash(file)))
	if err != nil {
		return nil, fmt.Errorf("reading Trillian's schema: %w", err)
	}
	return schema, nil
}
