package lockfile

import (
	"testing"

	"github.com/stretchr/testify/require"
)

var actionsRows = []row{
	{
		name: "jobs and steps", file: "sub/.github/workflows/build.yml",
		text: `on: push
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - uses: tj-actions/changed-files@v45.0.7
      - run: make
      - uses: github/codeql-action/init@v3 # moves
      - uses: ./own
      - uses: docker://alpine:3.19
      - uses: nonsense
  call:
    uses: Acme/shared/.github/workflows/x.yml@main
`,
		want: []string{
			"GitHub Actions acme/shared main sub/.github/workflows/build.yml#call",
			"GitHub Actions github/codeql-action v3 sub/.github/workflows/build.yml#build",
			"GitHub Actions tj-actions/changed-files v45.0.7 sub/.github/workflows/build.yml#build",
			"- ./own: it is the project's directory, not an action of another repository",
			"- docker://alpine:3.19: it is an image; scan it by itself",
			"- nonsense: it is no action, owner/repository@ref",
		},
	},
	{name: "something else", file: ".github/workflows/x.yaml", text: "a: 1\n", err: "is it a workflow?"},
}

func TestActions(t *testing.T) { run(t, actionsRows) }

func FuzzActions(f *testing.F) { fuzz(f, actionsRows) }

// A workflow is told by where it lies.
func TestKnownByPlace(t *testing.T) {
	for name, want := range map[string]bool{
		".github/workflows/a.yml": true, "a/b/.github/workflows/a.yaml": true, "workflows/a.yml": false, "a.yml": false,
		"x.github/workflows/a.yml": false, ".github/workflows/a.json": false, ".github/workflows/a/b.yml": false,
	} {
		require.Equal(t, want, Known(name), name)
	}
}
