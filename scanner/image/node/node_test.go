package node

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"

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
		"node_modules/@a/b/package.json":                                       {true, false},
		"@a/b/package.json":                                                    {false, true},
		"x/@a/b/package.json":                                                  {false, true},
		"a/package.json":                                                       {false, true},
		"node_modules/@a/package.json":                                         {false, false},
		"node_modules/package.json":                                            {false, false},
		"x_node_modules/a/package.json":                                        {false, true},
		"node_modules/a/b/package.json":                                        {false, false},
		"node_modules/a/package.json/x":                                        {false, false},
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
	got, err = Parse(strings.NewReader(`{"name":null,"version":"1"}` + strings.Repeat(" ", maxSize-27)))
	require.NoError(t, err, "as large as it may be")
	require.Equal(t, Package{Version: "1"}, got)
	for text, want := range map[string]string{
		"":                             "unexpected end of JSON input",
		"{":                            "unexpected end of JSON input",
		"[]":                           "cannot unmarshal array",
		`{"name":1}`:                   "its name or version is no string",
		`{"name":"a","version":{}}`:    "its name or version is no string",
		strings.Repeat(" ", maxSize+1): "it is larger than 16777216 bytes",
	} {
		got, err := Parse(strings.NewReader(text))
		require.ErrorContains(t, err, want)
		require.Zero(t, got)
	}
	_, err = Parse(iotest.ErrReader(errors.New("no more")))
	require.EqualError(t, err, "no more")
}

func FuzzParse(f *testing.F) {
	f.Add(`{"name":"a","version":"1"}`)
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := Parse(strings.NewReader(text)); err != nil {
			require.Zero(t, p)
		}
	})
}
