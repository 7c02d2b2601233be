package binary

import (
	"bytes"
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
