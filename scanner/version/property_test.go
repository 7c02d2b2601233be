package version

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fragments of the versions that the properties are tried on, by ecosystem; one of the
// first three begins a version. They are few and alike, so that random versions share
// beginnings and often are equal.
var fragments = map[string][]string{
	"Debian:12":      {"0", "1", "1", "10", "01", "a", "b", "~", ".", ".", "+", "-", "0:", "1:"},
	"Red Hat":        {"0", "1", "1", "10", "01", "a", "B", "~", "^", ".", "_", "-", "-1", "0:", "1:"},
	"Alpine:v3.19":   {"0", "1", "1", "10", "01", "a", ".", ".", "_alpha", "_rc", "_p", "_git", "~a", "~1", "-r"},
	"PyPI":           {"0", "1", "1", "10", "0!", "1!", ".", ".", "a", "b", "rc", ".dev", ".post", "+", "-"},
	"Maven":          {"0", "1", "1", "10", ".", ".0.", "-", "-", "alpha", "a", "rc", "sp", "final", "ga", "foo", "SNAPSHOT"},
	"crates.io":      {"0.0.0", "0.0.1", "1.0.0", "0", "1", "10", ".", "-", "-", "a", "b", "+"},
	"npm":            {"0.0.0", "0.0.1", "1.0.0", "0", "1", "10", ".", "-", "-", "a", "b", "+"},
	"Go":             {"v", "go", "1.2", "1.22", "0.0.0", "0.0.1", "1.0.0", "0", "1", ".", "-", "rc", "beta", "-X:a", "+incompatible"},
	"Pub":            {"0.0.0", "0.0.1", "1.0.0", "0", "1", "10", ".", "-", "a", "b", "+", "+"},
	"NuGet":          {"0", "1", "1", "10", "01", ".", ".", "-", "--1", "a", "A", "b", "+"},
	"RubyGems":       {"0", "0", "1", "10", ".", ".", ".", "a", "b", "pre", "rc", "-"},
	"Packagist":      {"0", "1", "1", "10", "2010", ".", ".", "-", "dev", "alpha", "b", "RC", "p", "x-dev", "stable", "+a"},
	"ConanCenter":    {"0", "1", "1", "10", "1t", "cci", ".", ".", "-", "+"},
	"CRAN":           {"0", "1", "1", "10", ".", "-"},
	"Hackage":        {"0", "1", "1", "10", ".", "."},
	"SwiftURL":       {"v", "0.0", "1.0", ".0", ".1", "-", "a", "1"},
	"Bitnami":        {"0.0.0", "1.0.0", "1.0.1", "-", "-1", ".1", "rc", "a"},
	"GitHub Actions": {"v", "0.0.0", "1.0.0", "1.0.1", "-", "a", "1"},
}

// randomVersion joins fragments until they make a version.
func randomVersion(r *rand.Rand, ecosystem string) (string, Version) {
	for {
		var b strings.Builder
		b.WriteString(fragments[ecosystem][r.IntN(3)])
		for range r.IntN(7) {
			b.WriteString(fragments[ecosystem][r.IntN(len(fragments[ecosystem]))])
		}
		if v, err := Parse(ecosystem, b.String()); err == nil {
			return b.String(), v
		}
	}
}

// TestTotalOrder tries reflexivity, antisymmetry and transitivity on random triples.
func TestTotalOrder(t *testing.T) {
	for ecosystem := range fragments {
		t.Run(ecosystem, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, uint64(len(ecosystem))))
			var seen [3]int
			for range 2000 {
				as, a := randomVersion(r, ecosystem)
				bs, b := randomVersion(r, ecosystem)
				cs, c := randomVersion(r, ecosystem)
				ab, bc, ac := a.Compare(b), b.Compare(c), a.Compare(c)
				seen[ab+1]++
				require.Zero(t, a.Compare(a), as)
				require.Equal(t, -ab, b.Compare(a), "%q %q", as, bs)
				if ab <= 0 && bc <= 0 {
					require.LessOrEqual(t, ac, 0, "%q %q %q", as, bs, cs)
				}
				if ab == 0 {
					require.Equal(t, bc, ac, "%q equals %q, so they compare alike with %q", as, bs, cs)
				}
			}
			require.Positive(t, min(seen[0], seen[1], seen[2]), "older, equal and newer must occur: %v", seen)
		})
	}
}

// TestNumbersOfAnySize: a number is compared by all its digits.
func TestNumbersOfAnySize(t *testing.T) {
	big := "1" + strings.Repeat("0", 299)
	for ecosystem, o := range orders {
		end := ".1"
		if o == rpm {
			end += "-1"
		}
		older, err := Parse(ecosystem, "1."+big+end)
		require.NoError(t, err, ecosystem)
		newer, err := Parse(ecosystem, "1."+big+"0"+end)
		require.NoError(t, err, ecosystem)
		require.Equal(t, -1, older.Compare(newer), ecosystem)
	}
}

func TestErrors(t *testing.T) {
	long := strings.Repeat("1", MaxLength+1)
	for ecosystem := range orders {
		for _, v := range []string{"", long, "\x00", "1.0.0\n2", "1.0.0\x00", "1.0.0\x7f", "\xff", "１.0.0", "-", "."} {
			_, err := Parse(ecosystem+":suffix", v)
			require.ErrorIs(t, err, ErrVersion, "%s %q", ecosystem, v)
			e, ok := errors.AsType[*Error](err)
			require.True(t, ok)
			require.Equal(t, ecosystem+":suffix", e.Ecosystem)
			require.NotEmpty(t, e.Reason)
			require.Less(t, len(e.Version), 80)
		}
	}
	for _, ecosystem := range []string{"", "debian", "npm ", "Android", "OSS-Fuzz", "Linux", ":12"} {
		_, err := Parse(ecosystem, "1.0.0")
		require.ErrorIs(t, err, ErrEcosystem, ecosystem)
		require.NotErrorIs(t, err, ErrVersion)
	}
	_, err := Parse("npm", "1.0")
	require.EqualError(t, err, `npm version "1.0": it has not three numbers`)
}

func TestBase(t *testing.T) {
	for ecosystem, want := range map[string]string{
		"Debian:12":          "Debian",
		"Ubuntu:22.04:LTS":   "Ubuntu",
		"Alpine:v3.19":       "Alpine",
		"Alpaquita:stream":   "Alpaquita",
		"AlmaLinux:9":        "AlmaLinux",
		"openSUSE:Leap 15.6": "openSUSE",
		"npm":                "npm",
		"":                   "",
	} {
		require.Equal(t, want, Base(ecosystem))
	}
}

func TestParseSemVer(t *testing.T) {
	v, err := ParseSemVer("1.2.3-rc.1+build")
	require.NoError(t, err)
	w, err := Parse("npm", "v1.2.3")
	require.NoError(t, err)
	require.Equal(t, -1, v.Compare(w), "SEMVER ranges compare with the ecosystems of SemVer")
	for _, v := range []string{"v1.2.3", "1.2", "1", "0", "1.2.3.4"} {
		_, err := ParseSemVer(v)
		require.ErrorIs(t, err, ErrVersion, v)
	}
}

func TestCompareOfDifferentOrders(t *testing.T) {
	deb, err := Parse("Debian", "1.0")
	require.NoError(t, err)
	redHat, err := Parse("Red Hat", "1.0-1")
	require.NoError(t, err)
	require.PanicsWithValue(t, "version: comparing dpkg with rpm", func() { deb.Compare(redHat) })
	ubuntu, err := Parse("Ubuntu:22.04:LTS", "1.0")
	require.NoError(t, err)
	require.Zero(t, deb.Compare(ubuntu))
}

// FuzzParse: arbitrary strings do not panic, and versions compare as mirror images.
func FuzzParse(f *testing.F) {
	for _, file := range factFiles(f) {
		for _, fact := range readFacts(f, file) {
			f.Add(fact.ecosystem, fact.versions[0], fact.versions[len(fact.versions)-1], fact.versions[len(fact.versions)/2])
		}
	}
	f.Fuzz(func(t *testing.T, ecosystem, as, bs, cs string) {
		a, errA := Parse(ecosystem, as)
		b, errB := Parse(ecosystem, bs)
		c, errC := Parse(ecosystem, cs)
		if errA != nil || errB != nil || errC != nil {
			return
		}
		if a.Compare(a) != 0 || a.Compare(b) != -b.Compare(a) {
			t.Errorf("%s: %q against %q is no order", ecosystem, as, bs)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Errorf("%s: %q <= %q <= %q, but not the first and the last", ecosystem, as, bs, cs)
		}
	})
}

var benchmarks = []struct{ ecosystem, a, b string }{
	{"Debian:12", "1:2.47.3-0+deb13u1", "1:2.47.3-0+deb13u2"},
	{"Red Hat", "3.0.7-24.el9", "1:3.0.7-27.el9_3"},
	{"Alpine:v3.19", "17.0.7_p7-r0", "17.0.9_p11-r1"},
	{"PyPI", "1.26.18", "2.0.7.post1"},
	{"Maven", "9.4.43.v20210629", "2.13.2.20220328"},
	{"npm", "15.6.0-canary.9", "15.6.0-canary.61"},
	{"Go", "v0.0.0-20190308221718-c2843e01d9a2", "0.17.0"},
	{"RubyGems", "7.0.0.pre.rc3", "7.0.0-rc3"},
	{"NuGet", "6.0.0-rc.1.21451.13", "6.0.0"},
	{"Packagist", "v2.0.0-alpha12", "2.1.9"},
}

// BenchmarkParse is what a package costs: its version is parsed once.
func BenchmarkParse(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.ecosystem, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Parse(bench.ecosystem, bench.a); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkCompare is what an event costs whose version is parsed already.
func BenchmarkCompare(b *testing.B) {
	for _, bench := range benchmarks {
		b.Run(bench.ecosystem, func(b *testing.B) {
			v, err := Parse(bench.ecosystem, bench.a)
			require.NoError(b, err)
			w, err := Parse(bench.ecosystem, bench.b)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				v.Compare(w)
			}
		})
	}
}
