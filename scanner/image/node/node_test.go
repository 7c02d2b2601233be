package node

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPaths(t *testing.T) {
	for name, want := range map[string][2]bool{
		"usr/local/lib/node_modules/npm/package.json":                          {true, false},
		"usr/local/lib/node_modules/npm/node_modules/json-schema/package.json": {true, false},
		"app/node_modules/@babel/core/package.json":                            {true, false},
		"node_modules/a/package.json":                                          {true, false},
		"app/node_modules/@babel/package.json":                                 {false, false},
		"app/node_modules/a/dist/esm/package.json":                             {false, false},
		"app/node_modules/a/test/@x/b/package.json":                            {false, false},
		"app/node_modules/package.json":                                        {false, false},
		"opt/yarn-v1.22.19/package.json":                                       {false, true},
		"package.json":                                                         {false, true},
		"opt/package.json5":                                                    {false, false},
	} {
		require.Equal(t, want, [2]bool{IsInstalled(name), IsAlone(name)}, name)
	}
}

func TestParse(t *testing.T) {
	got, err := Parse(strings.NewReader("\ufeff{\"name\":\"json-schema\",\"version\":\"0.2.3\",\"dependencies\":{}}"))
	require.NoError(t, err)
	require.Equal(t, Package{"json-schema", "0.2.3"}, got)
	got, err = Parse(strings.NewReader(`{"type":"module"}`))
	require.NoError(t, err)
	require.Zero(t, got)
	for _, text := range []string{"", "{", "[]", `{"name":1}`, `{"version":{}}`, strings.Repeat(" ", maxSize+1)} {
		_, err := Parse(strings.NewReader(text))
		require.Error(t, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`{"name":"a","version":"1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := Parse(strings.NewReader(text)); err != nil {
			require.Zero(t, p)
		}
	})
}
