package regression

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner"
)

func TestAccountTellsWhatIsDropped(t *testing.T) {
	left := scanner.Package{PURL: "pkg:npm/left@1", Ecosystem: "npm", Name: "left", Version: "1", Locations: []string{"a"}}
	odd := scanner.Package{Ecosystem: "npm", Name: "odd", Version: "x"}
	unread := scanner.NotEvaluated{Package: "pkg:foo/bar", Reason: "unknown ecosystem"}
	inv := scanner.Inventory{Packages: []scanner.Package{left, odd}, Unreadable: []scanner.NotEvaluated{unread}}
	hit := scanner.Finding{ID: probe("npm", "left"), Package: scanner.FoundPackage{
		PURL: "pkg:npm/left@1", Ecosystem: "npm", Name: "left", Version: "1", Locations: []string{"a", "b"},
	}}
	all := scanner.Report{Findings: []scanner.Finding{hit}, NotEvaluated: []scanner.NotEvaluated{{Package: "odd", Reason: "r"}, unread}}
	yes, no := func(string) bool { return true }, func(string) bool { return false }

	require.Equal(t, Account{In: 3, Judged: 1, NotEvaluated: 2}, account(inv, all, all, yes))
	require.Equal(t, []string{"pkg:npm/left@1"}, account(inv, all, all, no).Dropped, "judged without an advisory for the ecosystem")
	require.Equal(t, []string{"odd", "pkg:foo/bar: unknown ecosystem"}, account(inv, scanner.Report{}, all, yes).Dropped)
	require.Equal(t, []string{"pkg:npm/left@1"}, account(inv, all, scanner.Report{}, yes).Dropped)

	other := all
	other.Findings = []scanner.Finding{hit}
	other.Findings[0].ID = probe("npm", "right")
	require.Equal(t, []string{"pkg:npm/left@1"}, account(inv, all, other, yes).Dropped, "the finding of another package's probe")
}
