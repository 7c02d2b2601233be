package version

import (
	goversion "go/version"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/google/osv-scalibr/semantic"
	"github.com/stretchr/testify/require"
	modsemver "golang.org/x/mod/semver"
)

// difference is a kind of pair on which osv-scalibr's semantic disagrees with the
// specification, and so with us.
type difference struct {
	why    string
	either string // a pattern; one of the two versions matches
}

// TestSecondOpinion compares random versions with osv-scalibr's semantic too. A
// disagreement must be a known one, and a known one that has gone is to be struck off.
// It leaves out the ecosystems whose rules semantic does not have: Go's releases,
// Composer's normalisation (it compares "1" and "1.0" as PHP does, and takes 1.x-dev for
// older than 1.0.0), Conan (a fourth number is a pre-release to it), GitHub Actions.
func TestSecondOpinion(t *testing.T) {
	signed := difference{
		"an identifier of a hyphen and digits is text (SemVer item 11), not a negative number",
		`[-.+]-[0-9]+(\.|\+|$)`,
	}
	for ecosystem, known := range map[string][]difference{
		"Debian:12": nil,
		"Red Hat":   nil,
		"PyPI":      nil,
		"CRAN":      nil,
		"Hackage":   nil,
		"npm":       {signed},
		"NuGet":     {signed},
		"SwiftURL":  {signed},
		"Pub":       {signed, {"build metadata compares by identifiers, not as one text", `\+`}},
		"Alpine:v3.19": {
			{"a commit counts", `~`},
			{"digits may stand behind the letter, as in Alpaquita's 8u372", `[0-9][a-z][0-9]`},
			{"a missing number is no zero", `[._](0|alpha|rc|p|git)`},
			{"a missing revision is no -r0", `-r0`},
		},
		"RubyGems": {
			{"a hyphen before a letter is a dot (F-295)", `-`},
			{"a redundant pre does not count", `pre`},
			{"zeros are zeros however many digits they have", `(^|[^0-9])0`},
		},
		"Maven": {
			{"zeros before a qualifier do not count", `\.0+\.[a-zA-Z]`},
			{"the separator does not decide between qualifiers (MNG-7644)", `\.[a-zA-Z]`},
		},
	} {
		t.Run(ecosystem, func(t *testing.T) {
			r := rand.New(rand.NewPCG(2, uint64(len(ecosystem))))
			hits := make([]int, len(known))
			for range 10000 {
				as, a := randomVersion(r, ecosystem)
				bs, b := randomVersion(r, ecosystem)
				other, err := semantic.MustParse(as, ecosystem).CompareStr(bs)
				require.NoError(t, err)
				if other == a.Compare(b) {
					continue
				}
				explained := false
				for i, d := range known {
					if regexp.MustCompile(d.either).MatchString(as) || regexp.MustCompile(d.either).MatchString(bs) {
						hits[i]++
						explained = true
						break
					}
				}
				if !explained {
					t.Errorf("%q against %q: we say %d, semantic %d", as, bs, a.Compare(b), other)
				}
			}
			for i, d := range known {
				require.Positive(t, hits[i], "semantic has come to agree, strike off: %s", d.why)
			}
		})
	}
}

// TestSecondOpinionGo asks Go's own packages: x/mod/semver of module versions,
// go/version of releases.
func TestSecondOpinionGo(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	releases := []string{"1", "1", ".", ".0", ".2", "20", "21", "22", "rc", "beta"}
	modules, toolchains := 0, 0
	for range 20000 {
		as, a := randomVersion(r, "Go")
		bs, b := randomVersion(r, "Go")
		if modsemver.IsValid(as) && modsemver.IsValid(bs) && !strings.Contains(as+bs, "X:") {
			require.Equal(t, modsemver.Compare(as, bs), a.Compare(b), "%q against %q", as, bs)
			modules++
		}
		var pair [2]strings.Builder
		for i := range pair {
			pair[i].WriteString("go1.")
			for range 1 + r.IntN(3) {
				pair[i].WriteString(releases[r.IntN(len(releases))])
			}
		}
		as, bs = pair[0].String(), pair[1].String()
		a, errA := Parse("Go", as)
		b, errB := Parse("Go", bs)
		if errA == nil && errB == nil {
			require.True(t, goversion.IsValid(as), as)
			require.Equal(t, goversion.Compare(as, bs), a.Compare(b), "%q against %q", as, bs)
			toolchains++
		}
	}
	require.Greater(t, modules, 100)
	require.Greater(t, toolchains, 100)
}
