package enginetest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChoose(t *testing.T) {
	there := func(context.Context) error { return nil }
	gone := func(context.Context) error { return errors.New("no Docker daemon answers") }
	for _, test := range []struct {
		set, ci        string
		images         func(context.Context) error
		want, why, err string
	}{
		{set: "containers", images: gone, want: "containers", why: "as it is set"}, // it fails later, and says why
		{set: "embedded", images: there, want: "embedded", why: "as it is set"},
		{set: "external", ci: "true", images: there, want: "external", why: "as it is set"},
		{images: there, want: "containers", why: "Docker has the images"},
		{images: gone, want: "embedded", why: "no Docker daemon answers"},
		{ci: "true", images: there, err: "STELLA_TEST_STORES is not set"},
		{set: "docker", images: there, err: "STELLA_TEST_STORES=docker: want containers, embedded or external"},
	} {
		getenv := func(name string) string { return map[string]string{modeVariable: test.set, "CI": test.ci}[name] }
		name, why, err := choose(getenv, test.images)
		if test.err != "" {
			require.ErrorContains(t, err, test.err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, test.want, name)
		require.Contains(t, why, test.why)
	}
}

// Whoever has no server is told the three ways to one.
func TestWaysOut(t *testing.T) {
	err := withWaysOut(errors.New("no initdb"))
	for _, want := range []string{"no initdb", "=containers", "=embedded", "=external"} {
		require.ErrorContains(t, err, want)
	}
}
