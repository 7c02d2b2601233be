package pgstore

import (
	"context"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema is what the migrations make, a line an object, as [describe] says it. A test
// makes it anew from the migrations.
//
//go:embed schema.txt
var schema string

// Check compares the live schema with what the migrations make and says what differs, a
// sentence for each object; none where nothing does.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	live, err := s.describe(ctx)
	if err != nil {
		return nil, err
	}
	return drift(objects(schema), objects(live)), nil
}

// describe lists the objects of the schema: "KIND NAME: definition", sorted.
func (s *Store) describe(ctx context.Context) (string, error) {
	rows, err := s.pool.Query(ctx, catalogue)
	if err != nil {
		return "", unavailable(err)
	}
	defer rows.Close()
	var lines strings.Builder
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return "", unavailable(err)
		}
		lines.WriteString(line + "\n")
	}
	if err := rows.Err(); err != nil {
		return "", unavailable(err)
	}
	return lines.String(), nil
}

// catalogue asks for what a person could have altered: columns with type, collation,
// default and comment, constraints, indexes and triggers.
const catalogue = `
SELECT regexp_replace(line, '\s+', ' ', 'g') FROM (
	SELECT format('column %s.%s: %s%s%s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
		CASE WHEN l.collname IS NOT NULL AND l.collname <> 'default' THEN ' collate ' || l.collname ELSE '' END,
		CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
		coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), ''),
		coalesce(' -- ' || col_description(c.oid, a.attnum), '')) AS line
	FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
		LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
		LEFT JOIN pg_collation l ON l.oid = a.attcollation
	WHERE c.oid = to_regclass('authority.tokens') AND a.attnum > 0 AND NOT a.attisdropped
	UNION ALL
	SELECT format('constraint %s: %s', conname, pg_get_constraintdef(oid)) FROM pg_constraint
	WHERE conrelid = to_regclass('authority.tokens') AND contype <> 'n'
	UNION ALL
	SELECT format('index %s: %s', indexrelid::regclass, pg_get_indexdef(indexrelid)) FROM pg_index
	WHERE indrelid = to_regclass('authority.tokens')
	UNION ALL
	SELECT format('trigger %s: %s', tgname, pg_get_triggerdef(oid)) FROM pg_trigger
	WHERE tgrelid = to_regclass('authority.tokens') AND NOT tgisinternal
) AS lines ORDER BY line COLLATE "C"`

// objects are the definitions by object.
func objects(text string) map[string]string {
	m := make(map[string]string)
	for line := range strings.Lines(text) {
		object, definition, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		m[object] = definition
	}
	return m
}

func drift(want, live map[string]string) []string {
	if len(live) == 0 {
		return []string{"the table authority.tokens is missing: run stella-authority migrate up"}
	}
	var differences []string
	for _, object := range slices.Sorted(maps.Keys(want)) {
		switch got, ok := live[object]; {
		case !ok:
			differences = append(differences, fmt.Sprintf("%s is missing, want %q", object, want[object]))
		case got != want[object]:
			differences = append(differences, fmt.Sprintf("%s is %q, want %q", object, got, want[object]))
		}
	}
	for _, object := range slices.Sorted(maps.Keys(live)) {
		if _, ok := want[object]; !ok {
			differences = append(differences, fmt.Sprintf("%s is not of the migrations: %q", object, live[object]))
		}
	}
	return differences
}
