package sweep

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestMillis(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0":              0,
		"100":            100 * time.Millisecond,
		"152.341":        152341 * time.Microsecond,
		"0.000001":       1,
		"-1.5":           -1500 * time.Microsecond,
		"3600000.000001": time.Hour + 1,
	} {
		var m Millis
		require.NoError(t, json.Unmarshal([]byte(text), &m), text)
		require.Equal(t, want, time.Duration(m), text)
		back, err := json.Marshal(m)
		require.NoError(t, err)
		require.Equal(t, text, string(back))
	}
	for _, text := range []string{`"100"`, "1e300", "true", "{}", "1000000001"} {
		var m Millis
		require.Error(t, json.Unmarshal([]byte(text), &m), text)
	}
	_, err := json.Marshal(Millis(1 << 62))
	require.ErrorContains(t, err, "too long")
}

func FuzzMillis(f *testing.F) {
	f.Add(int64(152341000))
	f.Fuzz(func(t *testing.T, ns int64) {
		want := Millis(ns % int64(10*24*time.Hour))
		data, err := json.Marshal(want)
		require.NoError(t, err)
		var got Millis
		require.NoError(t, json.Unmarshal(data, &got))
		require.Equal(t, want, got, "%s", data)
	})
}
