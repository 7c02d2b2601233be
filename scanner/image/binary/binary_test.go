package binary

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/scanner/image/imagetest"
)

const (
	goInfo = "go1.21.5 X:boringcrypto\npath\texample.com/app\nmod\texample.com/app\t(devel)\t\ndep\tgithub.com/BurntSushi/toml\tv1.2.0\th1:a=\n" +
		"dep\tgolang.org/x/net\tv0.1.0\n=>\texample.com/net\tv0.2.0\th1:b=\ndep\texample.com/local\tv1.0.0\n=>\t./local\t(devel)\t\n"
	rustInfo = `{"packages":[{"name":"app","version":"0.1.0","source":"local","root":true},{"name":"rustls","version":"0.23.13","source":"crates.io"},{"name":"cc","version":"1.0.0","source":"crates.io","kind":"build"}]}`
)

func content(t testing.TB, form, text string) []byte {
	b, err := imagetest.Content(form, []byte(text))
	require.NoError(t, err)
	return b
}

func TestRead(t *testing.T) {
	program := content(t, "go-binary", goInfo)
	require.True(t, IsProgram(program))
	modules, err := Read(bytes.NewReader(program))
	require.NoError(t, err)
	require.Equal(t, []Module{
		{Type: "golang", Name: "stdlib", Version: "1.21.5"},
		{Type: "golang", Name: "example.com/app"},
		{Type: "golang", Name: "github.com/BurntSushi/toml", Version: "v1.2.0"},
		{Type: "golang", Name: "example.com/net", Version: "v0.2.0"},
		{Type: "golang", Name: "example.com/local", Reason: `it is replaced by the directory "./local", whose version the program does not say`},
	}, modules)

	modules, err = Read(bytes.NewReader(content(t, "rust-binary", rustInfo)))
	require.NoError(t, err)
	require.Equal(t, []Module{
		{Type: "cargo", Name: "app", Version: "0.1.0", Reason: `its source is "local" and not crates.io, whose names advisories use`},
		{Type: "cargo", Name: "rustls", Version: "0.23.13"},
		{Type: "cargo", Name: "cc", Version: "1.0.0", Reason: "the program was built with it, and does not hold it"},
	}, modules)

	modules, err = Read(bytes.NewReader([]byte("\x7fELF and nothing else in it")))
	require.NoError(t, err)
	require.Empty(t, modules)
	_, err = Read(bytes.NewReader(content(t, "rust-binary", "{")))
	require.ErrorContains(t, err, ".dep-v0")
}

func TestIsProgram(t *testing.T) {
	for head, want := range map[string]bool{
		"\x7fELF": true, "MZ": true, "\xfe\xed\xfa\xce": true, "\xfe\xed\xfa\xcf": true, "\xce\xfa\xed\xfe": true, "\xcf\xfa\xed\xfe": true,
		"": false, "\x7fEL": false, "M": false, "#!/bin/sh": false, " \x7fELF": false, "\xfe\xed\xfa\xcd": false,
	} {
		require.Equal(t, want, IsProgram([]byte(head)), "%q", head)
	}
}

// What the go command says of the main module, and of what replaces others.
func TestReadGo(t *testing.T) {
	const directory = `it is replaced by the directory %q, whose version the program does not say`
	for _, row := range []struct {
		info string
		want []Module
	}{
		{"go1.21.5\n", nil},
		{"go1.21.5\nmod\ta.b/c\tv1.2.3\th1:a=\n", []Module{{Name: "a.b/c", Version: "v1.2.3"}}},
		{"go1.21.5\nmod\ta.b/c\t(devel)\t\n", []Module{{Name: "a.b/c"}}},
		{"go1.21.5\ndep\ta.b/c\tv1.0.0\n=>\t../c\t\t\n", []Module{{Name: "a.b/c", Reason: fmt.Sprintf(directory, "../c")}}},
		{"go1.21.5\ndep\ta.b/c\tv1.0.0\n=>\t/src/c\t\t\n", []Module{{Name: "a.b/c", Reason: fmt.Sprintf(directory, "/src/c")}}},
		{"go1.21.5\ndep\ta.b/c\tv1.0.0\n=>\t.c/d\tv2.0.0\t\n", []Module{{Name: ".c/d", Version: "v2.0.0"}}},
	} {
		modules, err := Read(bytes.NewReader(content(t, "go-binary", row.info)))
		require.NoError(t, err)
		want := []Module{{Type: "golang", Name: "stdlib", Version: "1.21.5"}}
		for _, m := range row.want {
			m.Type = "golang"
			want = append(want, m)
		}
		require.Equal(t, want, modules, row.info)
	}
}

func TestReadRust(t *testing.T) {
	modules, err := Read(bytes.NewReader(content(t, "rust-binary", `{"packages":[{"name":"a","version":"1","source":"git"},{"name":"b","source":"crates.io","kind":"runtime"}]}`)))
	require.NoError(t, err)
	require.Equal(t, []Module{
		{Type: "cargo", Name: "a", Version: "1", Reason: `its source is "git" and not crates.io, whose names advisories use`},
		{Type: "cargo", Name: "b"},
	}, modules)

	program := func(text string) []byte { return content(t, "rust-binary", text) }
	whole := program("{}")
	packed := bytes.Index(whole, []byte("{}")) - 7 // the header of zlib, that of a block
	damaged := func(at int) []byte {
		b := bytes.Clone(whole)
		b[at] ^= 0xff
		return b
	}
	for _, row := range []struct {
		b    []byte
		want string
	}{
		{program("{"), "its section .dep-v0: unexpected end of JSON input"},
		{program("[]"), "its section .dep-v0: json: cannot unmarshal array"},
		{program(`{"packages":[{"name":"a"},{"version":"1"}]}`), "its section .dep-v0 has a package without a name"},
		{damaged(packed), "its section .dep-v0: zlib: invalid header"},
		{damaged(packed + 7), "its section .dep-v0: zlib: invalid checksum"},
	} {
		modules, err := Read(bytes.NewReader(row.b))
		require.ErrorContains(t, err, row.want)
		require.Nil(t, modules)
	}
	none := bytes.Replace(whole, []byte(".dep-v0"), []byte(".dep-v1"), 1)
	modules, err = Read(bytes.NewReader(none))
	require.NoError(t, err)
	require.Nil(t, modules)
}

// broken panics, as packages below debug may do with what it gives.
type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { panic("no") }

func TestReadOfPanic(t *testing.T) {
	modules, err := Read(broken{})
	require.EqualError(t, err, "its structure is damaged: no")
	require.Nil(t, modules)
}

// The test's own program is a real one.
func TestReadOwn(t *testing.T) {
	name, err := os.Executable()
	require.NoError(t, err)
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close()
	modules, err := Read(f)
	require.NoError(t, err)
	require.Equal(t, "stdlib", modules[0].Name)
	require.NotEmpty(t, modules[0].Version)
}

func FuzzRead(f *testing.F) {
	f.Add(content(f, "go-binary", goInfo))
	f.Add(content(f, "rust-binary", rustInfo))
	f.Fuzz(func(t *testing.T, b []byte) {
		modules, err := Read(bytes.NewReader(b))
		require.True(t, err == nil || modules == nil)
	})
}
