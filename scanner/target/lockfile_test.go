package target

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
)

const lock = `{"name":"shop","lockfileVersion":3,"packages":{"node_modules/left":{"version":"1.0.0"},"packages/own":{"name":"own"}}}`

func TestReadLockfile(t *testing.T) {
	dir := t.TempDir()
	inv, err := Read(write(t, dir, "web/package-lock.json", lock))
	require.NoError(t, err)
	require.Equal(t, "npm", inv.Target.Kind)
	require.Equal(t, "shop", inv.Target.Name)
	require.Equal(t, []string{"package-lock.json#node_modules/left"}, inv.Packages[0].Locations)

	write(t, dir, "node_modules/x/package-lock.json", lock)
	write(t, dir, "bundle/specifications/rack-2.2.3.gemspec", "")
	write(t, dir, "bundle/gems/rack-proxy-0.6.5/package-lock.json", lock)
	write(t, dir, "old/package-lock.json", "{")
	inv, err = Read(dir)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff([]scanner.Package{{
		PURL: "pkg:npm/left@1.0.0", Ecosystem: "npm", Name: "left", Version: "1.0.0",
		Locations: []string{"web/package-lock.json#node_modules/left"},
	}}, inv.Packages))
	require.Empty(t, cmp.Diff([]scanner.NotEvaluated{
		{Package: "old/package-lock.json", Reason: "reading lockfile old/package-lock.json: line 1: unexpected end of JSON input; write it anew with its package manager"},
		{Package: "own", Reason: "web/package-lock.json: it is the project's directory packages/own, not a registry's package"},
	}, inv.Unreadable))

	_, err = Read(write(t, dir, "half/package-lock.json", "{"))
	require.ErrorContains(t, err, "read as a lockfile: reading lockfile package-lock.json: line 1")
}

// A directory that is only called gems is the project's own.
func TestOwnGemsDirectory(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "gems/own/package-lock.json", lock)
	inv, err := Read(dir)
	require.NoError(t, err)
	require.Len(t, inv.Packages, 1)
}
