package lockfile

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a member that is to be a text may be.
func TestText(t *testing.T) {
	for value, want := range map[string]text{
		`"a"`: "a", `""`: "", `"\u00e9"`: "é", `1.10`: "1.10", `-1`: "-1", `0`: "0", `9e2`: "9e2", `null`: "", `true`: "", `false`: "", `{"a":"b"}`: "", `["a"]`: "",
	} {
		got := struct{ V text }{"before"}
		require.NoError(t, json.Unmarshal([]byte(`{"V":`+value+`}`), &got), value)
		require.Equal(t, want, got.V, value)
	}
	for value, want := range map[string]flag{`true`: true, `false`: false, `null`: false, `"true"`: false, `1`: false, `{}`: false} {
		got := struct{ V flag }{true}
		require.NoError(t, json.Unmarshal([]byte(`{"V":`+value+`}`), &got), value)
		require.Equal(t, want, got.V, value)
	}
}

// An error of JSON names its line.
func TestDecodeJSON(t *testing.T) {
	for doc, want := range map[string]string{
		`{}`: "", " \n{\"packages\":{}}\n": "",
		`[]`:                           "its JSON is no object; is it a lockfile of this name?",
		`"a"`:                          "its JSON is no object; is it a lockfile of this name?",
		"{\n\n]":                       "line 3: invalid character ']' looking for beginning of object key string; write it anew with its package manager",
		"{":                            "line 1: unexpected end of JSON input; write it anew with its package manager",
		"{}\n{":                        "line 2: invalid character '{' after top-level value; write it anew with its package manager",
		"{\n\"Packages\":[]}":          `line 2: array is not what belongs at "packages"`,
		"{\"packages\":\n{\"a\":\n1}}": `line 3: number is not what belongs at "packages"`,
	} {
		var into struct{ Packages map[string]struct{} }
		err := decodeJSON([]byte(doc), &into)
		if want == "" {
			require.NoError(t, err, doc)
		} else {
			require.ErrorContains(t, err, want, doc)
		}
	}
}

// Brackets count where they are none of a string's or a comment's.
func TestBracketsOfTOML(t *testing.T) {
	deep := strings.Repeat("[", MaxDepth)
	for doc, want := range map[string]int{
		deep: 0, deep + "[": 1, deep + "{": 1, deep + "]\n[": 0, deep + "]\n[\n[": 3, "]]]" + deep: 0, "]]]" + deep + "[": 1,
		deep + "}[": 0, deep + "# [[\n]": 0, deep + "#\n[": 2, deep + "# [": 0, deep + `"[["`: 0, deep + `'[['`: 0, deep + `"\"["`: 0, deep + `'\'[`: 1,
		deep + "\"\"\"\n[\n\"\"\"[": 3, deep + "'''[\n['''": 0, deep + "'''\n'\n'''\n[": 4, deep + "\"a\n[": 2, deep + `"a`: 0, deep + `"\`: 0, deep + `""[`: 1,
		deep + "\"\"\"\\\"\"\"\"[\"\"\"": 1,
	} {
		require.Equal(t, want, deepTOML([]byte(doc)), "%q", strings.Replace(doc, deep, "deep", 1))
	}
}

func TestDecodeTOML(t *testing.T) {
	var into struct{ A any }
	require.NoError(t, decodeTOML([]byte("a = 1\n"+strings.Repeat("#", MaxTree-6)), &into))
	require.EqualError(t, decodeTOML(make([]byte, MaxTree+1), &into), "it is TOML larger than 8 MiB; is it a lockfile?")
	require.EqualError(t, decodeTOML([]byte("a=1\n\nb="+strings.Repeat("[", MaxDepth+1)), &into), "line 3: values are nested more than 100 deep")
	err := decodeTOML([]byte("a=1\n\nb"), &into)
	require.ErrorContains(t, err, "line 3: toml: ")
	require.ErrorContains(t, err, "; write it anew with its package manager")
}

func TestDecodeXML(t *testing.T) {
	for doc, want := range map[string]string{
		`<a><b>1</b></a>`: "", `<?xml version="1.0"?><!-- x --><a xmlns="urn:x"/>`: "",
		`<?xml version="1.0" encoding="US-ASCII"?><a/>`: "", `<?xml version="1.0" encoding="ascii"?><a/>`: "", `<?xml version="1.0" encoding="utf-16"?><a/>`: "",
		`<?xml version="1.0" encoding="latin1"?><a/>`: `its encoding is "latin1"; save it as UTF-8`,
		``:                    "it has no element; is it XML?",
		`<!-- x -->`:          "it has no element; is it XML?",
		"x":                   "it has no element; is it XML?",
		"<b/>":                `its root element is "b", not "a"`,
		"\n<a>\n<b>\n</a>":    "line 4: element <b> closed by </a>",
		"\n\n<":               "line 3: unexpected EOF",
		"<a>\n&x;</a>":        "line 2: invalid character entity &x;",
		"<a><n>\nx</n></a>\n": "line 2: ",
	} {
		var into struct {
			N int `xml:"n"`
		}
		err := decodeXML([]byte(doc), "a", &into)
		if want == "" {
			require.NoError(t, err, doc)
		} else {
			require.ErrorContains(t, err, want, doc)
		}
	}
}

// The limits of YAML are met on both sides, and a value is found where it is.
func TestYAML(t *testing.T) {
	nested := func(depth int) []byte { // the document and the mapping are two of them
		return []byte("a: " + strings.Repeat("[", depth-2) + strings.Repeat("]", depth-2))
	}
	_, err := document(nested(MaxDepth))
	require.NoError(t, err)
	_, err = document(append([]byte("b: 1\n"), nested(MaxDepth+2)...))
	require.EqualError(t, err, "line 2: values are nested more than 100 deep")
	_, err = documents([]byte("a: 1\n" + strings.Repeat("#", MaxTree-5)))
	require.NoError(t, err)

	n, err := document([]byte("a: {b: {c: 1.10}, n: null, t: true, y: yes}\nl: [x, [y]]\nd: 1\n"))
	require.NoError(t, err)
	require.Equal(t, "1.10", n.get("a", "b", "c").text())
	for _, path := range [][]string{{"x"}, {"a", "x"}, {"a", "b", "c", "d"}, {"a", "b"}, {"l"}, {"a", "n"}, {"l", "x"}} {
		require.Empty(t, n.get(path...).text(), path)
	}
	require.True(t, n.get("a", "t").isTrue())
	require.False(t, n.get("a", "y").isTrue())
	require.False(t, n.get("x").isTrue())
	var items, keys []string
	for item := range n.get("l").items() {
		items = append(items, item.text())
	}
	for range n.get("a").items() {
		t.Error("a mapping has no items")
	}
	for key := range n.pairs() {
		if keys = append(keys, key); key == "l" {
			break
		}
	}
	for range n.get("l").pairs() {
		t.Error("a list has no pairs")
	}
	for range n.get("l").items() {
		break
	}
	require.Equal(t, []string{"x", ""}, items)
	require.Equal(t, []string{"a", "l"}, keys)
}
