package advisory

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is mapped from the middle of a page is unmapped all the same: a process has some
// 65,000 mappings.
func TestUnmap(t *testing.T) {
	name := filepath.Join(t.TempDir(), "mapped")
	require.NoError(t, os.WriteFile(name, make([]byte, 3*os.Getpagesize()), 0o600))
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	for _, at := range []int64{0, 100, int64(os.Getpagesize()) + 1} {
		data, release, err := mapFile(f, at, 50)
		require.NoError(t, err)
		require.Len(t, data, 50)
		maps, err := os.ReadFile("/proc/self/maps")
		require.NoError(t, err)
		require.Contains(t, string(maps), name)
		release()
		maps, err = os.ReadFile("/proc/self/maps")
		require.NoError(t, err)
		require.NotContains(t, string(maps), name, "mapped at byte %d", at)
	}
}
