package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/regression"
)

func TestDocument(t *testing.T) {
	entries, err := regression.Corpus(filepath.Join("..", "..", "cases"))
	require.NoError(t, err)
	silent := contestant{"silent 1", func(context.Context, regression.Case) ([]regression.Pair, error) { return nil, nil }}
	broken := contestant{"broken 1", func(context.Context, regression.Case) ([]regression.Pair, error) { return nil, errors.New("no") }}
	text, err := document(t.Context(), entries[:3], nil, []contestant{{"ours", own}, silent, broken}, "a test")
	require.NoError(t, err)
	for _, want := range []string{
		"by a test",
		"| ours | 3 | 0 | 0 | 3 | 0 | 0 |\n",
		"| silent 1 | 0 | 3 | 0 | 0 | 3 | 0 |\n",
		"| broken 1 | 0 | 0 | 3 | 0 | 0 | 0 |\n",
		"| SCN-0001 | silent 1 | pkg:cargo/rustls@0.23.13 CVE-2024-11738 |  |\n",
		"| SCN-0002 | broken 1 | refused | |\n",
	} {
		require.Contains(t, string(text), want)
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{"-colour"}, {"-adapter", "x"}, {"-adapter", "x="}, {"more"}} {
		require.ErrorIs(t, run(t.Context(), args, &bytes.Buffer{}), errUsage, args)
	}
	var out bytes.Buffer
	require.Error(t, run(t.Context(), []string{"-h"}, &out))
	require.Contains(t, out.String(), "scoreboard [-adapter")
}
