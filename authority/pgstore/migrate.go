package pgstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

// versions is goose's table of what was applied.
const versions = "authority.schema_versions"

// Migration is one file of migrations/.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Up applies every migration that the database has not, and names those. Many instances
// may call it at once: one works, the others wait for it and find nothing to do.
func (s *Store) Up(ctx context.Context) ([]Migration, error) {
	return s.migrate(ctx, func(p *goose.Provider) ([]*goose.MigrationResult, error) { return p.Up(ctx) })
}

// Down takes the newest migration back, with the data that it holds, and names it; none
// where there is none.
func (s *Store) Down(ctx context.Context) ([]Migration, error) {
	return s.migrate(ctx, func(p *goose.Provider) ([]*goose.MigrationResult, error) {
		r, err := p.Down(ctx)
		if errors.Is(err, goose.ErrNoNextVersion) {
			return nil, nil
		}
		return []*goose.MigrationResult{r}, err
	})
}

// Status lists every migration. It changes nothing.
func (s *Store) Status(ctx context.Context) ([]Migration, error) {
	var exists bool
	if err := s.pool.QueryRow(ctx, "SELECT to_regclass($1) IS NOT NULL", versions).Scan(&exists); err != nil {
		return nil, unavailable(err)
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	p, err := provider(db)
	if err != nil {
		return nil, err
	}
	var list []Migration
	if !exists {
		for _, src := range p.ListSources() {
			list = append(list, Migration{Version: src.Version, Name: src.Path})
		}
		return list, nil
	}
	states, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the state of the migrations: %w", err)
	}
	for _, m := range states {
		list = append(list, Migration{m.Source.Version, m.Source.Path, m.State == goose.StateApplied})
	}
	return list, nil
}

func (s *Store) migrate(ctx context.Context, do func(*goose.Provider) ([]*goose.MigrationResult, error)) ([]Migration, error) {
	if err := s.createSchema(ctx); err != nil {
		return nil, fmt.Errorf("making the schema: %w", err)
	}
	db := stdlib.OpenDBFromPool(s.pool)
	defer db.Close()
	p, err := provider(db)
	if err != nil {
		return nil, err
	}
	results, err := do(p)
	if err != nil {
		return nil, fmt.Errorf("migrating: %w", err)
	}
	var list []Migration
	for _, r := range results {
		list = append(list, Migration{r.Source.Version, r.Source.Path, r.Direction == "up"})
	}
	return list, nil
}

// createSchema makes the schema in which goose keeps its table. IF NOT EXISTS is no
// protection against another session that makes it at the same moment.
func (s *Store) createSchema(ctx context.Context) error {
	const statement = "CREATE SCHEMA IF NOT EXISTS authority"
	_, err := s.pool.Exec(ctx, statement)
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && refused.Code == "23505" {
		_, err = s.pool.Exec(ctx, statement)
	}
	return err
}

func provider(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	store, err := database.NewStore(database.DialectPostgres, versions)
	if err != nil {
		return nil, err
	}
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return nil, err
	}
	return goose.NewProvider("", db, files, goose.WithStore(store), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
}
