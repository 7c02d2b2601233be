package rekor

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClassify(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   Class
	}{
		{200, "", Accepted},
		{201, "", Accepted},
		{409, "", Duplicate},
		{400, "", Permanent},
		{401, "", Permanent},
		{403, "", Permanent},
		{404, "", Permanent},
		{413, "", Permanent},
		{422, "", Permanent},
		{501, "", Permanent},
		{301, "", Permanent},
		{307, "", Permanent},
		{500, `{"code":500,"message":"http: request body too large"}`, Permanent},
		{429, "", Throttled},
		{503, "", Throttled},
		{503, "no healthy upstream", Throttled},
		{503, "upstream connect error or disconnect/reset before headers. reset reason: connection termination", Ambiguous},
		{408, "", Ambiguous},
		{499, "", Ambiguous},
		{500, "", Ambiguous},
		{502, "", Ambiguous},
		{504, "", Ambiguous},
		{520, "", Ambiguous},
		{405, "", Frozen},
	} {
		require.Equal(t, test.want, Classify(test.status, []byte(test.body)), "HTTP %d %s", test.status, test.body)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                     0,
		"0":                    0,
		"7":                    7 * time.Second,
		" 7 ":                  7 * time.Second,
		"7.5":                  0,
		"-7":                   0,
		"soon":                 0,
		"100000000000":         time.Hour,
		"99999999999999999999": 0, // more than 64 bits
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
		now.Add(48 * time.Hour).Format(http.TimeFormat):   time.Hour,
	} {
		require.Equal(t, want, retryAfter(header, now), "Retry-After: %q", header)
	}
}

func TestErrorSaysWhatAndWhy(t *testing.T) {
	cause := errors.New("connection reset")
	err := error(&Error{Class: Ambiguous, Status: 201, Message: "the answer broke off", Err: cause})
	require.EqualError(t, err, "ambiguous: HTTP 201: the answer broke off: connection reset")
	require.ErrorIs(t, err, cause)
	require.EqualError(t, &Error{Class: Throttled, Err: cause}, "not sent: connection reset", "nobody has throttled it")
	require.EqualError(t, &Error{Class: Throttled, Status: 429}, "throttled: HTTP 429")
	require.Equal(t, "Class(77)", Class(77).String())
}

func TestShorten(t *testing.T) {
	require.Equal(t, "a b c", shorten([]byte("a\n\tb\x00\x1b c\xff")))
	long := shorten(make([]byte, 1<<20))
	require.LessOrEqual(t, len(long), 305)
}
