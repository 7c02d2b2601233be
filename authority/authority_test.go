package authority_test

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

func TestPayload(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                `{}`,
		" {\n\t\"b\" : 1 , \"a\":2}":        `{"a":2,"b":1}`,
		`{"a":1E2,"b":1.0,"c":-0,"d":1e-7}`: `{"a":100,"b":1,"c":0,"d":1e-7}`,
		`{"a":"\u00e9\/\u2028"}`:            "{\"a\":\"é/\u2028\"}",
		`{"\ufb33":1,"\ud83d\ude00":2}`:     "{\"\U0001F600\":2,\"\uFB33\":1}", // UTF-16 order, not that of bytes
		`{"n":9007199254740991}`:            `{"n":9007199254740991}`,
	} {
		p, err := authority.ParsePayload([]byte(text))
		require.NoError(t, err, text)
		require.Equal(t, want, p.String())
		again, err := authority.ParsePayload([]byte(p.String()))
		require.NoError(t, err, "what came out does not go in")
		require.Equal(t, p, again)
	}
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	_, err := authority.ParsePayload([]byte(deep(authority.MaxPayloadDepth - 1)))
	require.NoError(t, err)
	for text, want := range map[string]string{
		``:                              "no JSON object",
		`[]`:                            "no JSON object",
		`null`:                          "no JSON object",
		`{"a":1`:                        "unexpected EOF",
		`{}{}`:                          "invalid character '{' after top-level value",
		`{"a":1,"a":2}`:                 "duplicate",
		`{"a":1,"\u0061":2}`:            "duplicate",
		`{"a":"\ud800"}`:                "surrogate",
		"{\"a\":\"\xff\"}":              "UTF-8",
		`{"a":{"b":["x\u0000"]}}`:       "/a/b/0: a string holds a NUL",
		`{"a\u0000":1}`:                 "NUL",
		`{"a":9007199254740992}`:        "beyond",
		`{"a":-9007199254740992}`:       "beyond",
		`{"a":1e300}`:                   "beyond",
		`{"a":1e999}`:                   "beyond",
		`{"a":NaN}`:                     "invalid",
		deep(authority.MaxPayloadDepth): "nested more than 128 deep",
		deep(100_000):                   "",
		`{"a":"` + strings.Repeat("x", authority.MaxPayloadBytes) + `"}`: "the most",
	} {
		_, err := authority.ParsePayload([]byte(text))
		require.ErrorIs(t, err, authority.ErrInvalid, "%.80s", text)
		require.ErrorContains(t, err, want, "%.80s", text)
	}
	require.Equal(t, "{}", authority.Payload{}.String())
}

// What is usual goes the short way, what it cannot judge the other.
func TestShortWay(t *testing.T) {
	deep := func(n int) string { return `{"a":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}" }
	for text, want := range map[string]string{
		`{}`:                                 `{}`,
		" { } \n":                            `{}`,
		`{"b": 1, "a": [true, false, null]}`: `{"a":[true,false,null],"b":1}`,
		`{"b":{"d":[],"c":{}},"a":-1,"":0}`:  `{"":0,"a":-1,"b":{"c":{},"d":[]}}`,
		`{"ab":1,"a":2,"a!":3,"a#":4}`:       `{"a":2,"a!":3,"a#":4,"ab":1}`,
		`{"a":"é 😀 \" \\ \n"}`:               `{"a":"é 😀 \" \\ \n"}`,
		`{"n":999999999999999,"z":0}`:        `{"n":999999999999999,"z":0}`,
		deep(authority.MaxPayloadDepth - 1):  deep(authority.MaxPayloadDepth - 1),
	} {
		got, ok := authority.Canonicalize([]byte(text))
		require.True(t, ok, "%.80s", text)
		require.Equal(t, want, string(got))
		slow, err := authority.ParsePayloadSlowly([]byte(text))
		require.NoError(t, err)
		require.Equal(t, want, slow.String())
	}
	for _, text := range []string{
		``, `[]`, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,}`, `{"a":1}x`, `{,}`, `{"a":[1,]}`, `{"a":[1`, `{"a" 1}`, `{a:1}`, `{"a":tru}`, `{"a":}`,
		`{"a":1,"a":2}`, `{"b":1,"a":2,"b":3}`, `{"a":1.5}`, `{"a":1e2}`, `{"a":-0}`, `{"a":01}`, `{"a":-}`, `{"a":1000000000000000}`,
		`{"a":"\u0041"}`, `{"a":"\/"}`, `{"a":"\x"}`, "{\"a\":\"\x00\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", `{"a":"`, `{"a":"\`,
		`{"é":1}`, `{"\n":1}`, deep(authority.MaxPayloadDepth),
	} {
		_, ok := authority.Canonicalize([]byte(text))
		require.False(t, ok, text)
	}
}

func FuzzPayload(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":[1,-0,1e2,5e-324],"\ud83d\ude00":"\u0001"}`, `{"a":1,"a":2}`, `{"x":{"y":null}}`,
		`{"seats": 12, "b": [1, {"z": "é\\n", "y": -7, "yy": {}}, "\\"\\\\"], "a": true}`, `{"n":123456789012345,"m":01,"k":1234567890123456}`, `{"b":[{"d":1,"c":{"f":2,"e":3}}],"a":"\x00"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := authority.ParsePayloadSlowly(data)
		if short, ok := authority.Canonicalize(data); ok {
			require.NoError(t, err, "the short way takes what is illegal")
			require.Equal(t, p.String(), string(short), "the two ways differ")
		}
		if err != nil {
			require.ErrorIs(t, err, authority.ErrInvalid)
			return
		}
		again, err := authority.ParsePayload([]byte(p.String()))
		require.NoError(t, err)
		require.Equal(t, p.String(), again.String(), "the canonical form is not its own")
	})
}

func TestCursor(t *testing.T) {
	c := authority.Cursor{CreatedAt: time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC), ID: "0198c0de-0000-7000-8000-000000000001"}
	got, err := authority.ParseCursor(c.String())
	require.NoError(t, err)
	require.Equal(t, c, got)
	zero, err := authority.ParseCursor("")
	require.NoError(t, err)
	require.True(t, zero.IsZero())
	for _, s := range []string{"x", "!", c.String() + "A", c.String()[1:], "MSB4", strings.ToUpper(c.String())} {
		_, err := authority.ParseCursor(s)
		require.ErrorIs(t, err, authority.ErrInvalid, s)
	}
}

func FuzzCursor(f *testing.F) {
	f.Add("MTc2NzMyMzA0NTY3OCAwMTk4YzBkZS0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDE")
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := authority.ParseCursor(s); err == nil {
			require.Equal(t, s, c.String())
		}
	})
}

func TestSecret(t *testing.T) {
	s, err := authority.NewSecret(nil)
	require.NoError(t, err)
	require.Regexp(t, `^stella_[0-9A-Za-z]{36}$`, s.Reveal())
	for _, printed := range []string{s.String(), fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q", s, s, s, s, s), slog.AnyValue(s).Resolve().String()} {
		require.NotContains(t, printed, s.Reveal()[len("stella_"):len("stella_")+4], "a secret is printed")
	}
	again, err := authority.ParseSecret(s.Reveal())
	require.NoError(t, err)
	require.Equal(t, s, again)
	require.True(t, s.Hash().Matches(again))
	require.Equal(t, s.ID(), again.ID())
	_, err = authority.ParseTokenID(string(s.ID()))
	require.NoError(t, err)

	other, err := authority.NewSecret(nil)
	require.NoError(t, err)
	require.False(t, s.Hash().Matches(other))
	require.NotEqual(t, s.ID(), other.ID())

	text := s.Reveal()
	for _, bad := range []string{"", "stella_", text[:len(text)-1], text + "0", "Stella_" + text[7:], text[:20] + "-" + text[21:], text[:7] + flip(text[7]) + text[8:]} {
		_, err := authority.ParseSecret(bad)
		require.ErrorIs(t, err, authority.ErrNoSecret, "%d bytes", len(bad))
		if len(bad) > 8 {
			require.NotContains(t, err.Error(), bad[7:], "the error tells the secret")
		}
	}
}

func TestHideSecrets(t *testing.T) {
	s, err := authority.NewSecret(nil)
	require.NoError(t, err)
	for text, want := range map[string]string{
		s.Reveal():                                "stella_…",
		`parsing "` + s.Reveal() + `" as "2006"`:  `parsing "stella_…" as "2006"`,
		s.Reveal() + " " + s.Reveal()[:30] + "…":  "stella_… stella_……",
		"database stella_test_12_3, stella_0z is": "database stella_test_12_3, stella_0z is",
	} {
		require.Equal(t, want, authority.HideSecrets(text))
	}
}

func flip(c byte) string {
	if c == 'A' {
		return "B"
	}
	return "A"
}

// The fixed vector holds the format: a change of it would orphan every token.
func TestSecretVector(t *testing.T) {
	s, err := authority.NewSecret(strings.NewReader(strings.Repeat("\x00\x3d\xff", 30)))
	require.NoError(t, err)
	require.Equal(t, "stella_0z0z0z0z0z0z0z0z0z0z0z0z0z0z0z", s.Reveal()[:37])
	again, err := authority.ParseSecret(s.Reveal())
	require.NoError(t, err)
	require.Equal(t, s.ID(), again.ID())
	_, err = authority.NewSecret(strings.NewReader("\xff"))
	require.Error(t, err)
}

func TestActive(t *testing.T) {
	issued := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	token := authority.Token{IssuedAt: issued, ExpiresAt: issued.Add(time.Hour)}
	for after, want := range map[time.Duration]bool{-1: false, 0: true, time.Hour - 1: true, time.Hour: false, math.MaxInt64: false} {
		require.Equal(t, want, token.Active(issued.Add(after)), after)
	}
	token.Revoked = &authority.Revocation{At: issued.Add(time.Minute)}
	require.False(t, token.Active(issued), "a revoked token is never active, whatever the clock says")
}
