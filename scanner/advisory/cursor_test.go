package advisory

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// values are JSON values of each kind, with what could be taken for their end.
var values = []string{
	`""`, `"a"`, `"]"`, `"},{"`, `"\""`, `"\\"`, `"\\\""`, `"a\u005c"`, `"☃"`, `0`, `-1.5e+3`, `true`, `false`, `null`,
	`[]`, `{}`, `[[]]`, `[1,[2],{"a":[3]}]`, `{"a":{"b":[]},"c":"}"}`, `["]","\"]"]`, `{"\"}":1}`,
}

// spaced puts space around all that is not in a string.
func spaced(value, space string) string {
	var b strings.Builder
	inside := false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case inside && c == '\\':
			i++
			b.WriteString(value[i-1 : i+1])
		case c == '"':
			inside = !inside
			b.WriteByte(c)
		case !inside && strings.IndexByte("[]{},:", c) >= 0:
			b.WriteString(space + string(c) + space)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var spaces = []string{"", " ", "\t", "\r", "\n", " \t\r\n"}

// Each value ends where it ends, whatever stands around it.
func TestCursorEndsWithTheValue(t *testing.T) {
	for _, space := range spaces {
		for _, v := range values {
			v = spaced(v, space)
			bare := strings.Trim(v, " \t\r\n")
			for _, around := range [][2]string{{"", ""}, {"", "]"}, {",", ",1"}, {":", "}"}, {"[", "]"}} {
				c := cursor{data: []byte(around[0] + v + space + around[1])}
				c.pos = len(strings.TrimLeft(around[0], ",:"))
				require.Equal(t, bare, string(c.raw()), "in %q", c.data)
			}
			c := cursor{data: []byte(`{"k":` + v + `,"l":[` + v + `,` + v + `]}`)}
			var seen []string
			require.True(t, c.object(func(key []byte) {
				if string(key) == "l" {
					require.True(t, c.array(func(i int) { require.Equal(t, len(seen)-1, i); seen = append(seen, string(c.raw())) }))
					return
				}
				seen = append(seen, string(c.raw()))
			}), v)
			require.Equal(t, []string{bare, bare, bare}, seen)
			require.Equal(t, len(c.data), c.pos)
			require.NoError(t, c.err)
		}
	}
}

// A value of another type than asked for is no error, and skipped whole.
func TestCursorSkipsOtherTypes(t *testing.T) {
	for _, v := range values {
		first := v[0]
		one := func(ask func(*cursor) bool) bool {
			c := cursor{data: []byte("[" + v + ", 7]"), pos: 1}
			ok := ask(&c)
			require.Equal(t, "7", string(c.raw()), "behind %s", v)
			return ok
		}
		text := "none"
		require.Equal(t, first == '"' || first == 'n', one(func(c *cursor) (ok bool) { text, ok = c.text(); return ok }), v)
		require.Equal(t, text != "", first == '"' && v != `""`, v)
		require.Equal(t, first == '[' || first == 'n', one(func(c *cursor) bool { return c.array(func(int) { c.raw() }) }), v)
		require.Equal(t, first == '{' || first == 'n', one(func(c *cursor) bool { return c.object(func([]byte) { c.raw() }) }), v)
	}
}

func TestCursorText(t *testing.T) {
	for v, want := range map[string]string{
		`""`: "", `"a b"`: "a b", `"a\\b"`: `a\b`, `"\"a\""`: `"a"`, `"\u2603\n"`: "☃\n", `"\ud83d\ude00"`: "😀", `"\\\\"`: `\\`, `null`: "",
	} {
		c := cursor{data: []byte(v)}
		got, ok := c.text()
		require.True(t, ok)
		require.Equal(t, want, got, v)
	}
}

// A record is the same whatever space is between its parts.
func TestLayoutOfARecord(t *testing.T) {
	odd := `{"id":"A","x":[1,2.5,true],"modified":"` + day + `","withdrawn":null,"aliases":["B",3],"affected":[{"package":{"ecosystem":"PyPI","name":"p"},"versions":[false,"1"],"ranges":[null,{"type":"ECOSYSTEM","events":[{"introduced":"0"},4]}]},5],"y":-1}`
	want := parse(t, odd)
	require.Len(t, want.Problems, 5)
	for _, space := range spaces {
		require.Equal(t, want, parse(t, spaced(odd, space)), "%q", space)
	}
}
