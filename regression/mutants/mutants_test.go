package mutants

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// module is a small module with unit tests and a corpus of three cases.
var module = map[string]string{
	"go.mod": "module example.com/m\n\ngo 1.26\n",
	"scanner/calc/calc.go": `package calc

type Level string

func Grade(n int, names []string) (Level, error) {
	if n < 10 && len(names) > 0 {
		return "low", nil
	}
	for _, name := range names {
		if name == "skip" {
			continue
		}
		switch {
		case n-1 >= 99:
			return Level(name), nil
		}
	}
	var total int
	total += n
	return Level("rest"), check(total)
}

func check(n int) error { return nil }

func Panics(on bool) {
	if on {
		panic("on")
	}
}

func loops(n int) (sum int) {
	for i := 0; i < n; i++ {
		sum += i
	}
	return sum
}

func Unreached() int { return 7 }
`,
	"scanner/calc/calc_test.go": `package calc

import "testing"

func TestLoops(t *testing.T) {
	if got := loops(3); got != 3 {
		t.Errorf("loops(3) = %d", got)
	}
}
`,
	"regression/regression_test.go": `package regression

import (
	"flag"
	"testing"

	"example.com/m/scanner/calc"
)

var _ = flag.Bool("leave", true, "")

func TestCases(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		names []string
		want  calc.Level
	}{
		{"SCN-0001-low", 9, []string{"a"}, "low"},
		{"SCN-0002-high", 100, []string{"skip", "b"}, "b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got, err := calc.Grade(c.n, c.names); got != c.want || err != nil {
				t.Errorf("got %s, %v", got, err)
			}
		})
	}
	t.Run("SCN-0003-panics", func(t *testing.T) {
		calc.Panics(false)
	})
}
`,
}

func writeModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for name, text := range module {
		file := filepath.Join(root, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return root
}

// TestMutants runs every mutant of a small module: each is killed by whom it should be.
func TestMutants(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	root := writeModule(t)
	sources, err := Load(root, "./scanner/...")
	require.NoError(t, err)
	require.Equal(t, []string{"scanner/calc"}, sources.Packages())
	names := []string{"SCN-0001-low", "SCN-0002-high", "SCN-0003-panics"}
	r, err := Prepare(t.Context(), sources, filepath.Join(root, "out"), sources.Packages(), names, "", t.Logf)
	require.NoError(t, err)

	killers := map[string]string{}
	var verdicts []Verdict
	for _, m := range sources.Mutants {
		v, err := r.Run(t.Context(), m)
		require.NoError(t, err)
		verdicts = append(verdicts, v)
		killer := strings.Join(v.Cases, " ") + v.Tests
		if !v.Reached {
			killer = "unreached"
		}
		killers[m.Function+": "+m.Operator+" "+m.Code] = killer
	}
	const low, high, unit = "SCN-0001-low", "SCN-0002-high", "scanner/calc"
	require.Equal(t, map[string]string{
		"Grade: return {":                        low + " " + high,
		"Grade: and-or n < 10 && len(names) > 0": high,
		"Grade: negate n < 10 && len(names) > 0": low + " " + high,
		"Grade: bound n < 10":                    "",
		"Grade: negate n < 10":                   low + " " + high,
		"Grade: number 10":                       "",
		"Grade: bound len(names) > 0":            "",
		"Grade: negate len(names) > 0":           low,
		"Grade: number 0":                        low,
		"Grade: zero \"low\"":                    low,
		"Grade: negate name == \"skip\"":         high,
		"Grade: text \"skip\"":                   high,
		"Grade: continue continue":               high,
		"Grade: case n-1 >= 99":                  high,
		"Grade: bound n-1 >= 99":                 high,
		"Grade: negate n-1 >= 99":                high,
		"Grade: plus n-1":                        "",
		"Grade: number 1":                        high,
		"Grade: number 99":                       high,
		"Grade: zero Level(name)":                high,
		"Grade: drop total += n":                 "unreached",
		"Grade: zero Level(\"rest\")":            "unreached",
		"Grade: zero check(total)":               "unreached",
		"Panics: return {":                       "",
		"Panics: negate on":                      "SCN-0003-panics",
		"loops: return {":                        unit,
		"loops: bound i < n":                     unit,
		"loops: negate i < n":                    unit,
		"loops: number 0":                        "",
		"loops: drop sum += i":                   unit,
		"loops: zero sum":                        unit,
		"Unreached: zero 7":                      "unreached",
		"Unreached: number 7":                    "unreached",
	}, killers)

	best, ok, err := r.Choose(t.Context(), high, []string{"scanner/calc"})
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, []string{"SCN-0002"}, best.Fails)
	for _, row := range []struct {
		id   string
		g    Guard
		want string
	}{
		{"SCN-0002", best, ""},
		{"SCN-0001", best, "SCN-0001: passes with"},
		{"SCN-0002", Guard{best.Mutant, []string{"SCN-0001", "SCN-0002"}}, "and not exactly SCN-0001 SCN-0002"},
		{"SCN-0002", Guard{Mutant: Key{File: "gone.go"}}, "not in the code any more: gone.go"},
	} {
		problem, err := r.Check(t.Context(), row.id, row.g)
		require.NoError(t, err)
		if row.want == "" {
			require.Empty(t, problem)
		} else {
			require.Contains(t, problem, row.want)
		}
	}
	_, ok, err = r.Choose(t.Context(), "SCN-0003-panics", []string{"scanner/other"})
	require.NoError(t, err)
	require.False(t, ok)

	text := string(Report(verdicts, Guards{"SCN-0002": best}, Reasons{{File: "scanner/calc/calc.go", Operator: "plus", Why: "n is far away"}}, "All."))
	require.Contains(t, text, "| **all** |")
	require.Contains(t, text, "scanner/calc/calc.go: Grade: plus `n-1` | yes | n is far away |")
	without := string(Report(verdicts, Guards{"SCN-0002": best}, nil, "All."))
	slices.Reverse(verdicts)
	require.Equal(t, without, string(Report(verdicts, Guards{"SCN-0002": best}, nil, "All.")), "the order of the runs shows")
}

// TestLoop runs a mutant that never ends: it is ended, and its result says so.
func TestLoop(t *testing.T) {
	t.Setenv("GOFLAGS", "")
	root := writeModule(t)
	const loop = `package calc

import "testing"

func TestDrains(t *testing.T) { drains(3) }
`
	dir := filepath.Join(root, "scanner", "calc")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "drains.go"), []byte("package calc\n\nfunc drains(n int) {\n\tfor n > 0 {\n\t\tn -= 1\n\t}\n}\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "drains_test.go"), []byte(loop), 0o600))
	sources, err := Load(root, "./scanner/...")
	require.NoError(t, err)
	binaries, err := sources.Build(t.Context(), filepath.Join(root, "out"), "scanner/calc")
	require.NoError(t, err)
	i := slices.IndexFunc(sources.Mutants, func(m Mutant) bool { return m.Function == "drains" && m.Operator == "drop" })
	require.GreaterOrEqual(t, i, 0)
	loops := sources.Mutants[i].number

	r, err := binaries[0].run(t.Context(), 0, time.Minute, nil)
	require.NoError(t, err)
	require.False(t, r.failed)
	r, err = binaries[0].run(t.Context(), loops, time.Second, nil)
	require.NoError(t, err)
	require.True(t, r.failed)
	require.True(t, r.late)
	require.Less(t, r.duration, time.Minute)
}

func TestTimeoutOfManyIsBounded(t *testing.T) {
	many := slices.Repeat([]*suite{{took: time.Second}}, 211)
	require.Equal(t, maxTimeout, timeoutOf(many))
	require.Equal(t, minTimeout+2*timeoutRatio*time.Second, timeoutOf(many[:2]))
}
