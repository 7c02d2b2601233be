package version

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fact is one line of testdata: versions and how each relates to the next, or one
// version that is none.
type fact struct {
	line      string
	ecosystem string
	versions  []string
	ranks     []int // equal versions have equal ranks
	invalid   bool
}

func readFacts(t testing.TB, file string) []fact {
	t.Helper()
	f, err := os.Open(file)
	require.NoError(t, err)
	defer f.Close()
	var facts []fact
	ecosystem := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if name, ok := strings.CutPrefix(line, "ecosystem "); ok {
			ecosystem = name
			continue
		}
		require.NotEmpty(t, ecosystem, "%s: the ecosystem comes first", file)
		f := fact{line: line, ecosystem: ecosystem}
		if v, ok := strings.CutPrefix(line, "! "); ok {
			f.versions, f.ranks, f.invalid = []string{v}, []int{0}, true
			facts = append(facts, f)
			continue
		}
		for rank, group := range strings.Split(line, " < ") {
			for v := range strings.SplitSeq(group, " == ") {
				f.versions, f.ranks = append(f.versions, v), append(f.ranks, rank)
			}
		}
		require.Greater(t, len(f.versions), 1, "%s: %s: one version is no fact", file, line)
		facts = append(facts, f)
	}
	return facts
}

func factFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func sign(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// TestOrder holds every ecosystem to the facts of testdata, each pair of a line both
// ways.
func TestOrder(t *testing.T) {
	for _, file := range factFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			for _, f := range readFacts(t, file) {
				if f.invalid {
					_, err := Parse(f.ecosystem, f.versions[0])
					require.ErrorIs(t, err, ErrVersion, "Parse(%q, %q)", f.ecosystem, f.versions[0])
					continue
				}
				versions := make([]Version, len(f.versions))
				for i, v := range f.versions {
					var err error
					versions[i], err = Parse(f.ecosystem, v)
					require.NoError(t, err, f.line)
				}
				for i, v := range versions {
					for j, w := range versions {
						require.Equal(t, sign(f.ranks[i], f.ranks[j]), v.Compare(w), "%s: %q against %q, in: %s", f.ecosystem, f.versions[i], f.versions[j], f.line)
					}
				}
			}
		})
	}
}

// TestFactsAreEnough keeps the tables of the ecosystems that matter from shrinking.
func TestFactsAreEnough(t *testing.T) {
	for _, name := range []string{"dpkg", "rpm", "apk", "pep440", "maven", "semver", "golang", "rubygems", "nuget", "composer"} {
		pairs := 0
		for _, f := range readFacts(t, "testdata/"+name+".txt") {
			for i := range f.ranks {
				for _, rank := range f.ranks[:i] {
					if rank < f.ranks[i] {
						pairs++
					}
				}
			}
		}
		require.GreaterOrEqual(t, pairs, 25, "ordered pairs in %s", name)
	}
}

// TestCatalogueEntries keeps a fact for each failure of the catalogue that the order
// of versions decides. F-084, F-155, F-255 and F-276 are not about the order.
func TestCatalogueEntries(t *testing.T) {
	var all strings.Builder
	for _, file := range factFiles(t) {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		all.Write(b)
	}
	for _, id := range []string{
		"F-003", "F-009", "F-036", "F-047", "F-048", "F-082", "F-087", "F-088", "F-091", "F-110", "F-111", "F-112",
		"F-141", "F-222", "F-227", "F-234", "F-246", "F-247", "F-295", "F-309",
	} {
		require.Contains(t, all.String(), id)
	}
}

func ExampleParse() {
	installed, err := Parse("Debian:12", "1:2.47.3-0+deb13u1")
	if err != nil {
		fmt.Println(err)
	}
	fixed, err := Parse("Debian:12", "1:2.47.3-0+deb13u2")
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println("affected:", installed.Compare(fixed) < 0)

	_, err = Parse("Packagist", "dev-master")
	fmt.Println(err)
	// Output:
	// affected: true
	// Packagist version "dev-master": it is a branch, which is neither older nor newer than a release
}
