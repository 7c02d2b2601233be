package version

import (
	"math/rand/v2"
	"regexp"
	"testing"

	depsdev "deps.dev/util/semver"
	"github.com/stretchr/testify/require"
)

// TestThirdOpinion compares random versions with deps.dev's semver, which was written
// apart from osv-scalibr's semantic. What it cannot parse is left out; a disagreement
// must be a known one, and a known one that has gone is to be struck off.
func TestThirdOpinion(t *testing.T) {
	signed := difference{
		"an identifier of a hyphen and digits is text (SemVer item 11), not a negative number",
		`[-.+]-[0-9]+(\.|\+|-|$)`,
	}
	for ecosystem, other := range map[string]struct {
		system depsdev.System
		known  []difference
	}{
		"Go":        {depsdev.Go, nil},
		"npm":       {depsdev.NPM, []difference{signed}},
		"crates.io": {depsdev.Cargo, []difference{signed}},
		"NuGet": {depsdev.NuGet, []difference{
			signed,
			{"a number in a label is a number, whatever zeros it begins with", `[-.]0[0-9]+(\.|\+|$)`},
		}},
		"PyPI": {depsdev.PyPI, []difference{
			{"a post-release of number 0 is behind its release", `post|-0`},
		}},
		"Maven": {depsdev.Maven, []difference{
			{"leading zeros do not count", `(^|[^0-9])0[0-9]`},
			{"the separator does not decide between qualifiers (MNG-7644), zeros before one do not count", `\.[a-zA-Z]`},
		}},
		"RubyGems": {depsdev.RubyGems, []difference{
			{"a hyphen before a letter is a dot (F-295)", `-`},
			{"a redundant pre does not count", `pre`},
		}},
		"Packagist": {depsdev.Composer, []difference{
			{"a patch is newer than its release", `p`},
			{"stable is the release", `stable`},
		}},
	} {
		t.Run(ecosystem, func(t *testing.T) {
			r := rand.New(rand.NewPCG(4, uint64(len(ecosystem))))
			hits := make([]int, len(other.known))
			compared := 0
			for range 15000 {
				as, a := randomVersion(r, ecosystem)
				bs, b := randomVersion(r, ecosystem)
				theirA, errA := other.system.Parse(as)
				theirB, errB := other.system.Parse(bs)
				if errA != nil || errB != nil {
					continue
				}
				compared++
				if theirA.Compare(theirB) == a.Compare(b) {
					continue
				}
				explained := false
				for i, d := range other.known {
					if regexp.MustCompile(d.either).MatchString(as) || regexp.MustCompile(d.either).MatchString(bs) {
						hits[i]++
						explained = true
						break
					}
				}
				if !explained {
					t.Errorf("%q against %q: we say %d, deps.dev %d", as, bs, a.Compare(b), theirA.Compare(theirB))
				}
			}
			require.Greater(t, compared, 100)
			for i, d := range other.known {
				require.Positive(t, hits[i], "deps.dev has come to agree, strike off: %s", d.why)
			}
		})
	}
}
