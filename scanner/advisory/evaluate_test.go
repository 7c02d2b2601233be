package advisory

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// record parses a record whose affected array is given.
func record(t testing.TB, affected string) *Record {
	t.Helper()
	r, err := Parse([]byte(`{"id": "TEST-1", "modified": "2026-01-02T03:04:05Z", "affected": ` + affected + `}`))
	require.NoError(t, err)
	return r
}

// entry is one affected element for pkg of npm.
func npm(ranges, versions string) string {
	return `[{"package": {"ecosystem": "npm", "name": "pkg"}, "ranges": ` + ranges + `, "versions": ` + versions + `}]`
}

func semverRange(events string) string { return `[{"type": "SEMVER", "events": [` + events + `]}]` }

func pypiRange(events string) string {
	return `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [` + events + `]}]}]`
}

// vectors maps versions to "yes FIXED…", "no" or "unknown".
type vectors map[string]string

func judge(r *Record, q Query) string {
	switch v := r.Affects(q); v.Status {
	case IsAffected:
		return strings.TrimSpace("yes " + strings.Join(v.Fixed, " "))
	case NotAffected:
		return "no"
	case Unknown:
		return "unknown"
	}
	return "no status"
}

// Each row names the sentence of the OSV schema, or the failure, that it comes from.
func TestAffects(t *testing.T) {
	rows := []struct {
		rule, affected string
		want           vectors
		problems       int
	}{
		{
			rule:     "introduced allows a version of the value 0 to represent a version that sorts before any other",
			affected: npm(semverRange(`{"introduced": "0"}, {"fixed": "1.0.2"}`), `[]`),
			want:     vectors{"0.0.0-0": "yes 1.0.2", "1.0.1": "yes 1.0.2", "1.0.2-rc.1": "yes 1.0.2", "1.0.2": "no", "1.0.3": "no"},
		},
		{
			rule:     "every possible version is affected",
			affected: npm(semverRange(`{"introduced": "0"}`), `[]`),
			want:     vectors{"0.0.0": "yes", "99.0.0": "yes"},
		},
		{
			rule: "several intervals in one range; pairs are not positional (F-022)",
			affected: `[{"package": {"ecosystem": "Go", "name": "github.com/containerd/containerd"}, "ranges": ` +
				semverRange(`{"fixed": "1.6.1"}, {"introduced": "1.5.0"}, {"fixed": "1.4.13"}, {"introduced": "0"}, {"introduced": "1.6.0"}, {"fixed": "1.5.10"}`) + `}]`,
			want: vectors{
				"v1.4.12": "yes 1.4.13", "1.4.12": "yes 1.4.13", "1.4.13": "no", "1.5.0": "yes 1.5.10", "1.5.9": "yes 1.5.10",
				"1.5.10": "no", "1.6.0": "yes 1.6.1", "1.6.1": "no",
			},
		},
		{
			rule:     "last_affected is inclusive; versions above it are unaffected (F-275, F-276)",
			affected: pypiRange(`{"introduced": "1.0.0"}, {"last_affected": "1.4.2"}`),
			want:     vectors{"0.9.9": "no", "1.0.0": "yes", "1.4.2": "yes", "1.4.2.post1": "no", "1.4.3": "no"},
		},
		{
			rule:     "one version only, and the interval behind it",
			affected: pypiRange(`{"introduced": "1.0"}, {"last_affected": "1.0"}, {"introduced": "2.0"}, {"fixed": "2.1"}`),
			want:     vectors{"0.9": "no", "1.0": "yes", "1.0.1": "no", "2.0": "yes 2.1", "2.1": "no"},
		},
		{
			rule:     "limit: the version must be below some limit",
			affected: npm(semverRange(`{"introduced": "1.0.0"}, {"limit": "2.0.0"}, {"limit": "3.0.0"}`), `[]`),
			want:     vectors{"0.9.0": "no", "1.0.0": "yes", "2.5.0": "yes", "3.0.0": "no"},
		},
		{
			rule:     "limit allows * to represent infinity",
			affected: npm(semverRange(`{"introduced": "1.0.0"}, {"limit": "*"}, {"limit": "2.0.0"}`), `[]`),
			want:     vectors{"0.9.0": "no", "9.0.0": "yes"},
		},
		{
			rule:     "affected if in any one of the ranges or listed in versions (F-021)",
			affected: npm(semverRange(`{"introduced": "1.0.0"}, {"fixed": "1.1.0"}`), `["3.0.0"]`),
			want:     vectors{"1.0.5": "yes 1.1.0", "3.0.0": "yes", "3.0.1": "no"},
		},
		{
			rule:     "several ranges: each one's fixed version",
			affected: npm(`[{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.10.0"}]}, {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.9.0"}]}]`, `[]`),
			want:     vectors{"0.5.0": "yes 1.10.0", "1.0.0": "yes 1.9.0 1.10.0", "1.9.5": "yes 1.10.0", "1.10.0": "no"},
		},
		{
			rule: "a separate entry with the same package may be needed",
			affected: `[{"package": {"ecosystem": "npm", "name": "pkg"}, "ranges": ` + semverRange(`{"introduced": "0"}, {"fixed": "1.0.0"}`) +
				`}, {"package": {"ecosystem": "npm", "name": "other"}, "versions": ["1.5.0"]}, {"package": {"ecosystem": "npm", "name": "pkg"}, "ranges": ` + semverRange(`{"introduced": "2.0.0"}, {"fixed": "2.0.1"}`) + `}]`,
			want: vectors{"0.1.0": "yes 1.0.0", "1.5.0": "no", "2.0.0": "yes 2.0.1", "2.0.1": "no"},
		},
		{
			rule: "a GIT range before an ECOSYSTEM range decides nothing (pkg:pypi/bottle@0.11)",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "GIT", "repo": "https://example.com/r", "events": [{"introduced": "0"}, {"fixed": "f09c261ca10a31fe41b1262306db7f8f1da0e48a"}]},
				{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.12"}]}]}]`,
			want: vectors{"0.11": "yes 0.12", "0.12": "no"},
		},
		{
			rule:     "GIT with an enumerated versions list (F-094)",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "GIT", "repo": "https://example.com/r", "events": [{"introduced": "0"}]}], "versions": ["2.11.0"]}]`,
			want:     vectors{"2.11.0": "yes", "2.11": "yes", "2.12.0": "no"},
		},
		{
			rule:     "GIT range inclusion queries cannot be answered without the repository",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "GIT", "repo": "https://example.com/r", "events": [{"introduced": "0"}]}]}]`,
			want:     vectors{"2.12.0": "unknown"},
		},
		{
			rule:     "an entry that names no version at all",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}}]`,
			want:     vectors{"1.0": "unknown"}, problems: 1,
		},
		{
			rule:     "reversed events: the fixed ends nothing",
			affected: pypiRange(`{"introduced": "2.0"}, {"fixed": "1.0"}`),
			want:     vectors{"0.9": "no", "1.5": "no", "2.0": "yes", "3.0": "yes"}, problems: 1,
		},
		{
			rule:     "touching intervals go on",
			affected: pypiRange(`{"introduced": "1.0"}, {"fixed": "2.0"}, {"introduced": "2.0"}, {"fixed": "3.0"}`),
			want:     vectors{"0.9": "no", "1.5": "yes 3.0", "2.0": "yes 3.0", "3.0": "no"},
		},
		{
			rule:     "an empty interval holds nothing",
			affected: pypiRange(`{"introduced": "1.0"}, {"fixed": "1.0.0"}`),
			want:     vectors{"0.9": "no", "1.0": "no", "2.0": "no"},
		},
		{
			rule:     "two kinds in one event are invalid, and can be read in one way only",
			affected: pypiRange(`{"introduced": "1.0", "fixed": "2.0"}`),
			want:     vectors{"0.9": "no", "1.5": "yes 2.0", "2.0": "no"}, problems: 1,
		},
		{
			rule:     "null fields are absent ones",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg", "purl": null}, "ranges": [{"type": "ECOSYSTEM", "repo": null, "events": [{"introduced": "1.0", "fixed": null}]}], "versions": null, "severity": null, "ecosystem_specific": null, "database_specific": null}]`,
			want:     vectors{"0.9": "no", "1.0": "yes"},
		},
		{
			rule:     "there must be at least one introduced",
			affected: pypiRange(`{"fixed": "2.0"}`),
			want:     vectors{"1.0": "unknown", "3.0": "unknown"}, problems: 1,
		},
		{
			rule:     "an event of unknown kind may say more, never less",
			affected: pypiRange(`{"introduced": "1.0"}, {"fixed": "2.0"}, {"reintroduced": "3.0"}`),
			want:     vectors{"1.5": "yes 2.0", "2.5": "unknown"}, problems: 1,
		},
		{
			rule:     "a range of unknown type leaves the others (peer: the record was dropped without a word)",
			affected: npm(`[{"type": "CALENDAR", "events": [{"introduced": "0"}]}, {"type": "SEMVER", "events": [{"introduced": "1.0.0"}, {"fixed": "1.1.0"}]}]`, `["0.5.0"]`),
			want:     vectors{"1.0.0": "yes 1.1.0", "0.5.0": "yes", "2.0.0": "unknown"}, problems: 1,
		},
		{
			rule:     "an event version that cannot be read",
			affected: pypiRange(`{"introduced": "0"}, {"fixed": "not a version"}`),
			want:     vectors{"1.0": "unknown"}, problems: 1,
		},
		{
			rule:     "a package version that cannot be read is affected only where it is enumerated",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2"}]}], "versions": ["dev snapshot"]}]`,
			want:     vectors{"dev snapshot": "yes", "other snapshot": "unknown", "": "unknown"},
		},
		{
			rule:     "a range from 0 on holds every version, also one that cannot be read",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]`,
			want:     vectors{"1.0": "yes", "dev snapshot": "yes", "": "unknown"},
		},
		{
			rule:     "but not where a limit or an event of unknown kind may end it",
			affected: `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"limit": "2"}]}, {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"paused": "2"}]}]}]`,
			want:     vectors{"dev snapshot": "unknown"},
			problems: 1,
		},
		{
			rule:     "SEMVER ranges compare by SemVer precedence, build metadata apart (F-222)",
			affected: npm(semverRange(`{"introduced": "15.0.1-canary.0"}, {"fixed": "15.6.0-canary.61"}`), `[]`),
			want:     vectors{"15.6.0-canary.9": "yes 15.6.0-canary.61", "15.6.0-canary.60+b": "yes 15.6.0-canary.61", "15.6.0-canary.61": "no", "15.6.0": "no"},
		},
		{
			rule: "Go's standard library: SEMVER events, and the toolchain's own spelling (F-247)",
			affected: `[{"package": {"ecosystem": "Go", "name": "stdlib"}, "ranges": ` +
				semverRange(`{"introduced": "0"}, {"fixed": "1.20.12"}, {"introduced": "1.21.0-0"}, {"fixed": "1.21.5"}`) + `}]`,
			want: vectors{
				"1.20.11": "yes 1.20.12", "go1.20.11": "yes 1.20.12", "1.20.12": "no", "go1.20.12": "no",
				"1.21.0-rc.3": "yes 1.21.5", "go1.21rc3": "yes 1.21.5", "go1.21.5": "no",
			},
		},
		{
			rule:     "ECOSYSTEM ranges compare by the ecosystem's order: Debian's tilde and epoch",
			affected: `[{"package": {"ecosystem": "Debian:12", "name": "pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1:2.0-1"}]}]}]`,
			want:     vectors{"3.0-1": "yes 1:2.0-1", "1:2.0~rc1-1": "yes 1:2.0-1", "1:2.0-1": "no"},
		},
	}
	for _, row := range rows {
		t.Run(row.rule, func(t *testing.T) {
			r := record(t, row.affected)
			require.Len(t, r.Problems, row.problems, "problems: %q", r.Problems)
			q := Query{Ecosystem: r.Affected[0].Ecosystem, Name: r.Affected[0].Name}
			for v, want := range row.want {
				q.Version = v
				require.Equal(t, want, judge(r, q), "version %q: %s", v, r.Affects(q).Reason)
			}
		})
	}
}

func TestAffectsOtherPackage(t *testing.T) {
	r := record(t, npm(semverRange(`{"introduced": "0"}`), `[]`))
	for _, q := range []Query{
		{Ecosystem: "npm", Name: "pkgs", Version: "1.0.0"},
		{Ecosystem: "npm", Name: "Pkg", Version: "1.0.0"}, // npm's old names differ by case
		{Ecosystem: "PyPI", Name: "pkg", Version: "1.0.0"},
		{Ecosystem: "", Name: "pkg", Version: "1.0.0"},
	} {
		require.Equal(t, NotAffected, r.Affects(q).Status, "%+v", q)
	}
	require.Equal(t, IsAffected, r.Affects(Query{Ecosystem: "npm", Name: "pkg", Version: "1.0.0"}).Status)
}

func TestAffectsWithdrawn(t *testing.T) {
	r := record(t, npm(semverRange(`{"introduced": "0"}`), `[]`))
	r.Withdrawn = "2026-02-03T00:00:00Z"
	q := Query{Ecosystem: "npm", Name: "pkg", Version: "1.0.0"}
	v := r.Affects(q)
	require.Equal(t, NotAffected, v.Status, "F-075")
	require.Contains(t, v.Reason, "withdrawn 2026-02-03")
	q.Withdrawn = true
	require.Equal(t, IsAffected, r.Affects(q).Status)
}

// The ecosystem string might have a suffix to scope the package to a release.
func TestEcosystemSuffix(t *testing.T) {
	rows := []struct{ advisory, pkg, want string }{
		{"Debian:12", "Debian:12", "yes"},
		{"Debian:12", "Debian:11", "no"},
		{"Debian:12", "Debian:1", "no"},
		{"Debian", "Debian:12", "yes"},        // not scoped
		{"Debian:12", "Debian", "unknown"},    // of which release?
		{"Debian", "Debian", "yes"},           //
		{"Alpine:v3.19", "Alpine:v3.1", "no"}, //
		{"Ubuntu:22.04:LTS", "Ubuntu:22.04", "yes"},
		{"Ubuntu:22.04:LTS", "Ubuntu:24.04:LTS", "no"},
		{"Ubuntu:Pro:22.04:LTS", "Ubuntu:22.04:LTS", "yes"}, // F-098
		{"Ubuntu:Pro:22.04:LTS", "Ubuntu:24.04:LTS", "no"},
		{"Ubuntu:Pro:22.04:LTS", "Ubuntu", "unknown"},
		{"Maven:https://maven.google.com", "Maven", "yes"},
		{"Maven", "Maven:https://repo.example", "yes"},
		{"Maven:https://maven.google.com", "Maven:https://repo.example", "no"},
		{"Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9::appstream", "no"},
		{"Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:9", "yes"},
		{"Red Hat:enterprise_linux:9::baseos", "Red Hat:enterprise_linux:8", "no"},
		{"Red Hat:enterprise_linux:10::baseos", "Red Hat:enterprise_linux:1", "no"},
		{"Red Hat:rhel_eus:9.2::baseos", "Red Hat:enterprise_linux:9", "no"},
	}
	for _, row := range rows {
		t.Run(row.advisory+" for "+row.pkg, func(t *testing.T) {
			r := record(t, `[{"package": {"ecosystem": "`+row.advisory+`", "name": "a:b"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]`)
			q := Query{Ecosystem: row.pkg, Name: "a:b", Version: "1.0-1"}
			require.Equal(t, row.want, judge(r, q))
			db := compiled(t, r)
			require.Equal(t, row.want != "no", db.Has(row.pkg))
			require.Len(t, lookup(t, db, row.pkg, "a:b"), map[bool]int{true: 1}[row.want != "no"])
		})
	}
}

// What a release says of a package, and what Ubuntu Pro adds.
func TestUbuntuPro(t *testing.T) {
	entry := func(ecosystem, events string) string {
		return `{"package": {"ecosystem": "` + ecosystem + `", "name": "p"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}` + events + `]}]}`
	}
	const release, pro = "Ubuntu:24.04:LTS", "Ubuntu:Pro:24.04:LTS"
	sold := entry(pro, `, {"fixed": "1-1ubuntu2+esm1"}`)
	for _, row := range []struct {
		rule, affected string
		want           vectors
	}{
		{"the fix is Pro's alone (F-098)", sold, vectors{"1-1ubuntu2": "yes 1-1ubuntu2+esm1", "1-1ubuntu2+esm1": "no", "1-1ubuntu3": "no"}},
		{"the release has none, Pro has (F-099)", entry(release, ``) + `,` + sold, vectors{
			"1-1ubuntu2": "yes 1-1ubuntu2+esm1", "1-1ubuntu2+esm1": "no", "1-1ubuntu1~esm1": "yes 1-1ubuntu2+esm1",
		}},
		{"the release has the fix first", entry(release, `, {"fixed": "1-1ubuntu1"}`) + `,` + sold, vectors{
			"1-1ubuntu1": "no", "1-1ubuntu0": "yes 1-1ubuntu1 1-1ubuntu2+esm1", "1-1ubuntu1+esm1": "yes 1-1ubuntu2+esm1",
		}},
		{"a build of Pro without Pro's entry", entry(release, `, {"fixed": "1-1ubuntu1"}`), vectors{"1-1ubuntu0+esm1": "yes 1-1ubuntu1", "1-1ubuntu1+esm1": "no"}},
	} {
		r := record(t, `[`+row.affected+`]`)
		for v, want := range row.want {
			require.Equal(t, want, judge(r, Query{Ecosystem: release, Name: "p", Version: v}), "%s: %s", row.rule, v)
		}
	}
}

// Ubuntu's builds for FIPS 140 and its other builds have nothing to say of one another.
func TestUbuntuFIPS(t *testing.T) {
	entry := func(ecosystem, events string) string {
		return `{"package": {"ecosystem": "` + ecosystem + `", "name": "p"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}` + events + `]}]}`
	}
	const release, certified, updates = "Ubuntu:20.04:LTS", "Ubuntu:Pro:FIPS:20.04:LTS", "Ubuntu:Pro:FIPS-updates:20.04:LTS"
	plain, never := entry(release, `, {"fixed": "1f-1ubuntu2.16"}`), entry(certified, ``)
	mended := entry(updates, `, {"fixed": "1f-1ubuntu2.fips.2.8"}`)
	for _, row := range []struct {
		rule, affected string
		want           vectors
	}{
		{"of FIPS alone", mended, vectors{"1f-1ubuntu2.1": "no", "1f-1ubuntu2.fips.2.7": "yes 1f-1ubuntu2.fips.2.8", "1f-1ubuntu2.fips.2.8": "no"}},
		{"of other builds alone", plain, vectors{"1f-1ubuntu2.15": "yes 1f-1ubuntu2.16", "1f-1ubuntu2.fips.2.7": "unknown", "1f-1ubuntu2.15+Fips1": "unknown"}},
		{"of other builds, which have no fix", entry("Ubuntu:Pro:20.04:LTS", ``), vectors{"1f-1ubuntu2.15": "yes", "1f-1ubuntu2.fips.2.7": "yes"}},
		{"of other builds, by a limit", entry(release, `, {"limit": "9"}`), vectors{"1f-1ubuntu2.15": "yes", "1f-1ubuntu2.fips.2.7": "unknown"}},
		{"of both", plain + `,` + mended, vectors{
			"1f-1ubuntu2.15": "yes 1f-1ubuntu2.16", "1f-1ubuntu2.16": "no",
			"1f-1ubuntu2.fips.2.7": "yes 1f-1ubuntu2.fips.2.8", "1f-1ubuntu2.fips.2.8": "no",
		}},
		{"the certified build is not mended, its updates are", never + `,` + mended, vectors{
			"1f-1ubuntu2.fips.2.7": "yes 1f-1ubuntu2.fips.2.8", "1f-1ubuntu2.fips.2.8": "no", "1f-1ubuntu2.1": "no",
		}},
		{"no build is mended", mended + `,` + entry("Ubuntu:Pro:FIPS-preview:20.04:LTS", ``) + `,` + entry("Ubuntu:Pro:FIPS:18.04:LTS", `, {"fixed": "0"}`), vectors{
			"1f-1ubuntu2.fips.2.7": "yes 1f-1ubuntu2.fips.2.8",
		}},
		{"another release", entry("Ubuntu:Pro:FIPS:18.04:LTS", ``) + `,` + entry("Ubuntu:18.04:LTS", ``), vectors{"1f-1ubuntu2.fips.2.7": "no", "1f-1ubuntu2.1": "no"}},
		{"not to be read", entry(updates, `, {"fixed": "?"}`), vectors{"1f-1ubuntu2.fips.2.7": "unknown", "1f-1ubuntu2.1": "no"}},
	} {
		r := record(t, `[`+row.affected+`]`)
		for v, want := range row.want {
			require.Equal(t, want, judge(r, Query{Ecosystem: release, Name: "p", Version: v}), "%s: %s", row.rule, v)
		}
	}
	for _, row := range []struct{ advisory, name, want string }{
		{"Ubuntu:Pro:FIPS:20.04:LTS", "linux-fips", "yes"},
		{"Ubuntu:Pro:FIPS-updates:20.04:LTS", "linux-aws-fips", "yes"},
		{"Ubuntu:Pro:Realtime:20.04:LTS", "linux-realtime", "yes"},
		{"Ubuntu:Pro:20.04:LTS:Realtime:Kernel", "linux-realtime", "yes"},
		{"Ubuntu:Pro:Realtime:20.04:LTS", "linux", "no"},
		{"Ubuntu:Pro:FIPS:20.04:LTS", "linux", "no"},
		{"Ubuntu:Pro:FIPS:22.04:LTS", "linux-fips", "no"},
		{"Ubuntu:Pro:22.04:LTS:Realtime:Kernel", "linux-realtime", "no"},
		{"Ubuntu:Nvidia-BlueField:20.04:LTS", "linux-bluefield", "yes"},
		{"Ubuntu:20.04:LTS:for:NVIDIA:BlueField", "linux-bluefield", "yes"},
		{"Ubuntu:Nvidia-BlueField:20.04:LTS", "linux", "no"},
		{"Ubuntu:Nvidia-BlueField:22.04:LTS", "linux-bluefield", "no"},
		{"Ubuntu:22.04:LTS:for:NVIDIA:BlueField", "linux-bluefield", "no"},
	} {
		r := record(t, `[{"package": {"ecosystem": "`+row.advisory+`", "name": "`+row.name+`"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}]}]`)
		require.Equal(t, row.want, judge(r, Query{Ecosystem: release, Name: row.name, Version: "5.4.0-1026.30"}), "%s %s", row.advisory, row.name)
	}
	r := record(t, `[{"package": {"ecosystem": "Ubuntu:20.04:LTS", "name": "linux-realtime"}, "versions": ["2"]}, {"package": {"ecosystem": "Ubuntu:Pro:Realtime:20.04:LTS", "name": "linux-realtime"}, "versions": ["1"]}]`)
	require.Equal(t, "no", judge(r, Query{Ecosystem: release, Name: "linux-realtime", Version: "3"}))
	require.Equal(t, "yes", judge(r, Query{Ecosystem: release, Name: "linux-realtime", Version: "2"}), "the release has it, too")

	r = record(t, `[`+mended+`]`)
	require.Equal(t, "unknown", judge(r, Query{Ecosystem: "Ubuntu", Name: "p", Version: "1f-1ubuntu2.fips.2.7"}), "of which release?")
	db := compiled(t, r)
	require.False(t, db.Has(release), "of other builds nothing is known")
	require.Len(t, lookup(t, db, release, "p"), 1)
}

func TestEqualNames(t *testing.T) {
	rows := []struct {
		ecosystem, advisory, pkg string
		equal                    bool
	}{
		{"PyPI", "Django", "django", true}, // F-056
		{"PyPI", "ruamel.yaml", "ruamel_yaml", true},
		{"PyPI", "flask-sqlalchemy", "Flask__SQLAlchemy", true},
		{"PyPI", "django", "django-x", false},
		{"NuGet", "Microsoft.NetCore.App.Runtime.linux-arm", "Microsoft.NETCore.App.Runtime.linux-arm", true}, // F-228
		{"Packagist", "PHPMailer/PHPMailer", "phpmailer/phpmailer", true},
		{"Go", "github.com/0xJacky/Nginx-UI", "github.com/0xJacky/Nginx-UI", true},
		{"Go", "github.com/0xJacky/Nginx-UI", "github.com/0xjacky/nginx-ui", false}, // module paths have case
		{"Maven", "Org.example:a", "org.example:a", false},
		{"SwiftURL", "https://github.com/Vapor/vapor.git", "github.com/vapor/vapor", true},
		{"Hex", "Phoenix", "phoenix", true},
	}
	for _, row := range rows {
		t.Run(row.ecosystem+" "+row.advisory+" "+row.pkg, func(t *testing.T) {
			require.Equal(t, row.equal, nameKey(row.ecosystem, row.advisory) == nameKey(row.ecosystem, row.pkg))
		})
	}
}

// The verdict is invariant under the order of entries, ranges, events and versions.
func TestAffectsIgnoresOrder(t *testing.T) {
	const doc = `[{"package": {"ecosystem": "PyPI", "name": "pkg"}, "ranges": [
		{"type": "GIT", "events": [{"introduced": "0"}]},
		{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "1.0.0"}, {"fixed": "1.2"}, {"introduced": "1.5"}, {"last_affected": "1.7"}, {"introduced": "1.7.0"}, {"limit": "8"}]},
		{"type": "ODD", "events": []}], "versions": ["3.0", "3.1"]},
		{"package": {"ecosystem": "PyPI", "name": "Pkg"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "0.5"}]}]}]`
	var entries []map[string]any
	require.NoError(t, json.Unmarshal([]byte(doc), &entries))
	versions := []string{"0.1", "0.5", "1.0", "1.2", "1.5", "1.6", "1.7", "1.8", "3.0", "7", "8", "x"}
	want := map[string]Verdict{}
	for seed := range uint64(200) {
		rng := rand.New(rand.NewPCG(seed, 1))
		shuffleJSON(rng, entries)
		out, err := json.Marshal(entries)
		require.NoError(t, err)
		r := record(t, string(out))
		for _, v := range versions {
			got := r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: v})
			got.Entries = nil // point into the record
			if seed == 0 {
				want[v] = got
			}
			require.Equal(t, want[v], got, "seed %d version %s", seed, v)
		}
	}
	require.Equal(t, []string{"0.5"}, want["0.1"].Fixed)
	require.Equal(t, IsAffected, want["1.6"].Status)
}

func shuffleJSON(rng *rand.Rand, v any) {
	switch v := v.(type) {
	case []map[string]any:
		rng.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
		for _, e := range v {
			shuffleJSON(rng, e)
		}
	case []any:
		rng.Shuffle(len(v), func(i, j int) { v[i], v[j] = v[j], v[i] })
		for _, e := range v {
			shuffleJSON(rng, e)
		}
	case map[string]any:
		// Not by the map's order: the seed alone decides.
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			shuffleJSON(rng, v[k])
		}
	}
}

// The timeline agrees with the schema's pseudocode wherever that does not depend on the
// order of events at one version.
func TestTimelineAgainstPseudocode(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	kinds := []EventKind{Introduced, Fixed, LastAffected, Limit}
	for range 5000 {
		versions := rng.Perm(9)
		events := []Event{{Introduced, digit(versions[0])}}
		for _, v := range versions[1 : 1+rng.IntN(5)] {
			events = append(events, Event{kinds[rng.IntN(len(kinds))], digit(v)})
		}
		line, err := newTimeline(events, byEcosystem("PyPI"))
		require.NoError(t, err)
		for v := range 9 {
			at, err := byEcosystem("PyPI")(digit(v))
			require.NoError(t, err)
			_, got := line.find(at)
			require.Equal(t, pseudocode(events, digit(v)), got, "%v in %v", v, events)
		}
	}
}

// digit makes a version that compares as its text does.
func digit(v int) string { return string(rune('1' + v)) }

// pseudocode is IncludedInRanges and BeforeLimits of the schema, for versions of one
// digit.
func pseudocode(events []Event, v string) bool {
	limited, before := false, false
	for _, e := range events {
		if e.Kind == Limit {
			limited = true
			before = before || v < e.Version
		}
	}
	if limited && !before {
		return false
	}
	sorted := slices.Clone(events)
	slices.SortFunc(sorted, func(a, b Event) int { return strings.Compare(a.Version, b.Version) })
	vulnerable := false
	for _, e := range sorted {
		switch {
		case e.Kind == Introduced && v >= e.Version:
			vulnerable = true
		case e.Kind == Fixed && v >= e.Version:
			vulnerable = false
		case e.Kind == LastAffected && v > e.Version:
			vulnerable = false
		}
	}
	return vulnerable
}

func FuzzAffects(f *testing.F) {
	f.Add("i0 f2 i3 l5 m7", "4", uint64(1))
	f.Add("i1.0 f1 i1", "1.0.0", uint64(2))
	f.Add("f1 i2", "1rc1", uint64(3))
	f.Fuzz(func(t *testing.T, text, v string, seed uint64) {
		kinds := map[byte]EventKind{'i': Introduced, 'f': Fixed, 'l': LastAffected, 'm': Limit}
		var events []Event
		for field := range strings.FieldsSeq(text) {
			if k := kinds[field[0]]; k != "" && len(events) < 50 {
				events = append(events, Event{k, field[1:]})
			}
		}
		verdict := func() Verdict {
			r := &Record{ID: "TEST-1", Affected: []Affected{{
				Ecosystem: "PyPI", Name: "pkg", key: nameKey("PyPI", "pkg"),
				Ranges: []Range{{Type: rangeEcosystem, Events: events}},
			}}}
			p := parser{rec: r}
			p.finish()
			got := r.Affects(Query{Ecosystem: "PyPI", Name: "pkg", Version: v})
			got.Entries = nil
			return got
		}
		want := verdict()
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		require.Equal(t, want, verdict())
	})
}

// A Go module's version says nothing of a bound on another line of versions.
func TestGoLines(t *testing.T) {
	rows := []struct{ version, events, want string }{
		{"v0.35.0", `{"introduced": "0"}, {"fixed": "2.7.1"}`, "unknown"},                                             // F-044
		{"v0.0.0-20240510151258-abcdefabcdef", `{"introduced": "0"}, {"fixed": "1.20.1"}`, "unknown"},                 // F-038
		{"v0.0.0-20240510151258-abcdefabcdef", `{"introduced": "1.4.0"}, {"fixed": "1.20.1"}`, "unknown"},             // nor is it safe
		{"v0.0.0-20230302084805-4c3417fedda9", `{"introduced": "0"}, {"fixed": "2020.8.1"}`, "unknown"},               // F-231
		{"v1.6.1-0.20230608160752-b14acb611a79", `{"introduced": "0"}, {"fixed": "6.7.9"}`, "unknown"},                // F-231
		{"v0.0.0-20190308221718-c2843e01d9a2", `{"introduced": "0"}, {"fixed": "0.17.0"}`, "yes 0.17.0"},              // one line
		{"v0.0.0-20190308221718-c2843e01d9a2", `{"introduced": "0"}, {"fixed": "0.0.0-20180101000000-0"}`, "no"},      //
		{"v0.9.0", `{"introduced": "0"}, {"fixed": "1.0.0"}`, "yes 1.0.0"},                                            // v0 goes on in v1
		{"v1.9.0", `{"introduced": "0"}, {"fixed": "2.3.0"}`, "yes 2.3.0"},                                            // a tag of the repository
		{"v2.0.0+incompatible", `{"introduced": "0"}, {"fixed": "6.0.0"}`, "yes 6.0.0"},                               // never a module
		{"v2.0.1-0.20230101000000-abcdef123456+incompatible", `{"introduced": "0"}, {"fixed": "6.0.0"}`, "yes 6.0.0"}, //
		{"v0.0.0-20240510151258-abcdefabcdef", `{"introduced": "0"}`, "yes"},                                          // every version
		{"v1.6.1-0.20230608160752-b14acb611a79", `{"introduced": "0"}, {"fixed": "1.7.0"}, {"introduced": "2.0.0"}, {"fixed": "2.3.0"}`, "yes 1.7.0"},
		{"v1.8.1-0.20230608160752-b14acb611a79", `{"introduced": "0"}, {"fixed": "1.7.0"}, {"introduced": "2.0.0"}, {"fixed": "2.3.0"}`, "unknown"},
		{"v1.8.1", `{"introduced": "0"}, {"fixed": "1.7.0"}, {"introduced": "2.0.0"}, {"fixed": "2.3.0"}`, "no"},
		{"v0.35.0", `{"introduced": "2.0.0"}, {"last_affected": "2.7.0"}`, "unknown"},
	}
	for _, row := range rows {
		t.Run(row.version, func(t *testing.T) {
			for _, prefix := range []string{"v", ""} {
				r := record(t, `[{"package": {"ecosystem": "Go", "name": "example.com/m"}, "ranges": [{"type": "SEMVER", "events": [`+row.events+`]}]}]`)
				require.Equal(t, row.want, judge(r, Query{Ecosystem: "Go", Name: "example.com/m", Version: prefix + strings.TrimPrefix(row.version, "v")}))
			}
		})
	}
	stdlib := record(t, `[{"package": {"ecosystem": "Go", "name": "stdlib"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "2.0.0"}]}]}]`)
	require.Equal(t, "yes 2.0.0", judge(stdlib, Query{Ecosystem: "Go", Name: "stdlib", Version: "0.9.0"}), "the standard library has one line")
}

// That a version of the language is in no range says nothing of its releases (F-036); see
// SCN-0418.
func TestGoLanguage(t *testing.T) {
	for _, row := range []struct{ version, events, want string }{
		{"1.22", `{"introduced": "0"}, {"fixed": "1.21.9"}, {"introduced": "1.22.0-0"}, {"fixed": "1.22.2"}`, "unknown"},
		{"1.22", `{"introduced": "0"}, {"fixed": "1.22.2"}`, "yes 1.22.2"},
		{"1.22", `{"introduced": "1.22.0-rc.1"}`, "unknown"},
		{"1.22", `{"introduced": "0"}, {"fixed": "1.21.9"}`, "no"},
		{"1.22", `{"introduced": "0"}, {"fixed": "1.23.4"}`, "yes 1.23.4"},
		{"1.22", `{"introduced": "1.23.0-0"}`, "no"},
		{"1.22", `{"introduced": "0"}, {"fixed": "1.220.1"}`, "yes 1.220.1"},
		{"1.22", `{"introduced": "0"}`, "yes"},
		{"1.22.0", `{"introduced": "0"}, {"fixed": "1.21.9"}, {"introduced": "1.22.0-0"}, {"fixed": "1.22.2"}`, "yes 1.22.2"},
		{"1.22rc1", `{"introduced": "0"}, {"fixed": "1.21.9"}, {"introduced": "1.22.0-0"}, {"fixed": "1.22.2"}`, "yes 1.22.2"},
		{"1.20", `{"introduced": "1.20.0-0"}, {"fixed": "1.20.2"}`, "yes 1.20.2"}, // a release
	} {
		for _, prefix := range []string{"", "go"} {
			for _, name := range []string{"stdlib", "toolchain"} {
				r := record(t, `[{"package": {"ecosystem": "Go", "name": "`+name+`"}, "ranges": [{"type": "SEMVER", "events": [`+row.events+`]}]}]`)
				require.Equal(t, row.want, judge(r, Query{Ecosystem: "Go", Name: name, Version: prefix + row.version}), "%s %s%v", name, prefix, row)
			}
		}
	}
}

// The crate cargo has other numbers than the releases of Rust that it is part of.
func TestRustLine(t *testing.T) {
	for _, row := range []struct{ name, version, events, want string }{
		{"cargo", "0.57.0", `{"introduced": "0"}, {"fixed": "1.26.0"}`, "unknown"}, // F-217
		{"cargo", "0.57.0", `{"introduced": "1.20.0"}, {"last_affected": "1.56.0"}`, "unknown"},
		{"cargo", "0.57.0", `{"introduced": "0"}, {"fixed": "0.65.0"}`, "yes 0.65.0"},
		{"cargo", "0.66.0", `{"introduced": "0"}, {"fixed": "0.65.0"}`, "no"},
		{"cargo", "0.57.0", `{"introduced": "0"}`, "yes"},
		{"cargo", "0.57.0", `{"introduced": "0"}, {"fixed": "0.27.0"}, {"introduced": "1.0.0"}`, "unknown"},
		{"cargo-util", "0.57.0", `{"introduced": "0"}, {"fixed": "1.26.0"}`, "yes 1.26.0"},
	} {
		for _, kind := range []string{"SEMVER", "ECOSYSTEM"} {
			r := record(t, `[{"package": {"ecosystem": "crates.io", "name": "`+row.name+`"}, "ranges": [{"type": "`+kind+`", "events": [`+row.events+`]}]}]`)
			require.Equal(t, row.want, judge(r, Query{Ecosystem: "crates.io", Name: row.name, Version: row.version}), "%s %v", kind, row)
		}
	}
}

// A build of Bitnami's is judged as the upstream version that it is of.
func TestBitnamiRevision(t *testing.T) {
	for _, kind := range []string{"SEMVER", "ECOSYSTEM"} {
		r := record(t, `[{"package": {"ecosystem": "Bitnami", "name": "apache"}, "ranges": [{"type": "`+kind+`", "events": [{"introduced": "2.4.0"}, {"last_affected": "2.4.57"}]}]}]`)
		for v, want := range map[string]string{"2.4.57": "yes", "2.4.57-9": "yes", "2.4.58-0": "no", "2.4.0-1": "yes", "2.4.0-rc.1": "no"} {
			require.Equal(t, want, judge(r, Query{Ecosystem: "Bitnami", Name: "apache", Version: v}), "%s %s", kind, v)
		}
	}
}

// Of two spellings of one version, the one that fixes is shown.
func TestSpellingOfTheFix(t *testing.T) {
	for _, row := range []struct{ events, want string }{
		{`{"introduced": "0"}, {"last_affected": "1.0"}, {"fixed": "1.0.0"}`, "yes 1.0.0"},
		{`{"introduced": "0"}, {"fixed": "1.0"}, {"last_affected": "1.0.0"}`, "yes 1.0"},
	} {
		require.Equal(t, row.want, judge(record(t, pypiRange(row.events)), Query{Ecosystem: "PyPI", Name: "pkg", Version: "0.5"}), row.events)
	}
}
