package rpm

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A tagged is one entry of a header that is put together by hand.
type tagged struct {
	tag, kind, count uint32
	data             string
}

// text is an entry of one string.
func text(tag uint32, s string) tagged { return tagged{tag, typeString, 1, s + "\x00"} }

// numbers is an entry of integers.
func numbers(tag uint32, of ...uint32) tagged {
	var data []byte
	for _, n := range of {
		data = binary.BigEndian.AppendUint32(data, n)
	}
	return tagged{tag, typeInt32, uint32(len(of)), string(data)}
}

func texts(tag uint32, of ...string) tagged {
	return tagged{tag, typeStringArray, uint32(len(of)), strings.Join(of, "\x00") + "\x00"}
}

// headerOf is a header of entries, each with its own data, in their order.
func headerOf(entries ...tagged) []byte {
	be := binary.BigEndian
	var index, data []byte
	for _, e := range entries {
		index = be.AppendUint32(be.AppendUint32(index, e.tag), e.kind)
		index = be.AppendUint32(be.AppendUint32(index, uint32(len(data))), e.count)
		data = append(data, e.data...)
	}
	return slices.Concat(be.AppendUint32(be.AppendUint32(nil, uint32(len(entries))), uint32(len(data))), index, data)
}

func TestHeader(t *testing.T) {
	name, version := text(tagName, "a"), text(tagVersion, "1")
	for _, row := range []struct {
		name    string
		entries []tagged
		want    Package
	}{
		{"name and version", []tagged{name, version}, Package{Name: "a", Version: "1"}},
		{"all", []tagged{name, version, text(tagRelease, "2"), text(tagArch, "noarch"), text(tagSourceRPM, "a.src.rpm"), text(tagModule, "m:1"), numbers(tagEpoch, 7)}, Package{
			Name: "a", Version: "1", Release: "2", Arch: "noarch", SourceRPM: "a.src.rpm", Module: "m:1", Epoch: "7",
		}},
		{"no source", []tagged{name, version, text(tagSourceRPM, "(none)")}, Package{Name: "a", Version: "1"}},
		{"an epoch of 0", []tagged{name, version, numbers(tagEpoch, 0)}, Package{Name: "a", Version: "1", Epoch: "0"}},
		{"the largest epoch", []tagged{name, version, numbers(tagEpoch, 0xffffffff, 1)}, Package{Name: "a", Version: "1", Epoch: "4294967295"}},
		{"an epoch of no number", []tagged{name, version, numbers(tagEpoch)}, Package{Name: "a", Version: "1"}},
		{"translated", []tagged{{tagName, typeI18NString, 2, "a\x00b\x00"}, version}, Package{Name: "a", Version: "1"}},
		{"twice", []tagged{text(tagName, "old"), version, name}, Package{Name: "a", Version: "1"}},
		{"tags that are not read", []tagged{name, {1004, 99, 1 << 31, ""}, version}, Package{Name: "a", Version: "1"}},
		{"files", []tagged{name, version, texts(tagBasenames, "x", "y", "z"), texts(tagDirnames, "/", "/usr/"), numbers(tagDirIndexes, 1, 0, 1)}, Package{
			Name: "a", Version: "1", Files: []string{"usr/x", "y", "usr/z"},
		}},
		{"files of before rpm 4", []tagged{name, version, texts(tagOldFilenames, "/usr/x", "y")}, Package{
			Name: "a", Version: "1", Files: []string{"usr/x", "y"},
		}},
	} {
		got, err := parseHeader(headerOf(row.entries...))
		require.NoError(t, err, row.name)
		require.Equal(t, row.want, got, row.name)
	}
}

// A header of which a part is damaged gives no package, and a reason with what it is of.
func TestHeaderRefuses(t *testing.T) {
	name, version := text(tagName, "a"), text(tagVersion, "1")
	with := func(more ...tagged) []byte { return headerOf(append([]tagged{name, version}, more...)...) }
	good := with()
	patched := func(at int, v uint32) []byte {
		b := slices.Clone(good)
		binary.BigEndian.PutUint32(b[at:], v)
		return b
	}
	for _, row := range []struct {
		blob       []byte
		name, want string
	}{
		{nil, "", "its header has 0 bytes, fewer than any"},
		{good[:7], "", "its header has 7 bytes, fewer than any"},
		{good[:8], "", "its header says that it has 2 tags and 4 bytes of data, but has 8 bytes"},
		{good[:len(good)-1], "", "its header says that it has 2 tags and 4 bytes of data, but has 43 bytes"},
		{patched(0, 0), "", "its header says that it has 0 tags and 4 bytes of data, but has 44 bytes"},
		{patched(0, maxTags+1), "", "its header says that it has 65536 tags and 4 bytes of data, but has 44 bytes"},
		{patched(4, MaxHeader+1), "", "its header says that it has 2 tags and 67108865 bytes of data, but has 44 bytes"},
		{headerOf(version), "", "its header has no name"},
		{headerOf(name), "a", "its header has no version"},
		{headerOf(text(tagName, ""), version), "", "its header has no name"},
		{patched(12, typeInt32), "", "its header's tag 1000 is damaged: type 4 at 0 of 4 bytes"},
		{patched(32, 5), "a", "its header's tag 1001 is damaged: type 6 at 5 of 4 bytes"},
		{patched(32, 4), "a", "its header's tag 1001 has 1 strings in 0 bytes"},
		{patched(36, 3), "a", "its header's tag 1001 has 3 strings in 2 bytes"},
		{patched(36, 2), "a", "its header's tag 1001 has a string without an end"},
		{with(text(tagEpoch, "1")), "a", "its header's tag 1003 is damaged: type 6 at 4 of 6 bytes"},
		{with(tagged{tagEpoch, typeInt32, 1, "\x00\x00\x01"}), "a", "its header's tag 1003 has 1 numbers in 3 bytes"},
		{with(text(tagBasenames, "x")), "a", "its header's tag 1117 is damaged: type 6 at 4 of 6 bytes"},
		{with(text(tagDirnames, "x")), "a", "its header's tag 1118 is damaged: type 6 at 4 of 6 bytes"},
		{with(text(tagDirIndexes, "x")), "a", "its header's tag 1116 is damaged: type 6 at 4 of 6 bytes"},
		{with(text(tagOldFilenames, "x")), "a", "its header's tag 1027 is damaged: type 6 at 4 of 6 bytes"},
		{with(texts(tagBasenames, "x", "y"), numbers(tagDirIndexes, 0)), "a", "its header has 2 files and the directories of 1"},
		{with(texts(tagBasenames, "x"), texts(tagDirnames, "/"), numbers(tagDirIndexes, 1)), "a", "its header names directory 1 of 1"},
		{
			with(text(tagArch, "x"), tagged{tagRelease, typeInt32, 1, "\x00\x00\x00\x00"}, tagged{tagModule, typeInt32, 1, "\x00\x00\x00\x00"}), "a",
			"its header's tag 1002 is damaged: type 4 at 6 of 14 bytes\nits header's tag 5096 is damaged: type 4 at 10 of 14 bytes",
		},
	} {
		p, err := parseHeader(row.blob)
		require.EqualError(t, err, row.want)
		require.Equal(t, row.name, p.Name, row.want)
	}
	_, err := parseHeader(append(good, "more"...)) // of a database's page
	require.NoError(t, err)
}

// The most that a header may have is read.
func TestLargestHeader(t *testing.T) {
	entries := []tagged{text(tagName, "a"), text(tagVersion, "1")}
	for n := uint32(len(entries)); n < maxTags; n++ {
		entries = append(entries, tagged{tag: 10_000 + n, kind: typeInt32})
	}
	p, err := parseHeader(headerOf(entries...))
	require.NoError(t, err)
	require.Equal(t, Package{Name: "a", Version: "1"}, p)
}
