package reporttest

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"testing"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// The schemas are their makers' text, so that they are read where go put the modules
// that carry them and not copied here.

// SARIFSchema is the schema of SARIF 2.1.0, a constant in the source of go-sarif.
func SARIFSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	name := filepath.Join(sourceDir(t, sarif.NewReport), "schema.go")
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && spec.Names[0].Name == "schema" {
			text, err = strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		}
		return true
	})
	require.NoError(t, err)
	require.NotEmpty(t, text, "go-sarif keeps its schema elsewhere now")
	return compile(t, map[string][]byte{"sarif.json": []byte(text)}, "sarif.json")
}

// CycloneDXSchema is the schema of CycloneDX 1.6, a file beside the source of
// cyclonedx-go.
func CycloneDXSchema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	files := map[string][]byte{}
	dir := filepath.Join(sourceDir(t, cdx.NewBOM), "schema")
	for from, to := range map[string]string{
		"bom-1.6.schema.json": "bom-1.6.schema.json", "spdx.schema.json": "spdx.schema.json", "jsf-0.82.schemax.json": "jsf-0.82.schema.json",
	} {
		text, err := os.ReadFile(filepath.Join(dir, from))
		require.NoError(t, err)
		files["http://cyclonedx.org/schema/"+to] = text
	}
	return compile(t, files, "http://cyclonedx.org/schema/bom-1.6.schema.json")
}

// Valid demands that the JSON text satisfies the schema.
func Valid(t testing.TB, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, schema.Validate(v))
}

// sourceDir is where the source of a function was when it was compiled.
func sourceDir(t testing.TB, function any) string {
	t.Helper()
	pc := reflect.ValueOf(function).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	require.True(t, filepath.IsAbs(file), "built with -trimpath: the place of %s is not known", file)
	return filepath.Dir(file)
}

func compile(t testing.TB, files map[string][]byte, root string) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	for url, text := range files {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		require.NoError(t, c.AddResource(url, doc))
	}
	schema, err := c.Compile(root)
	require.NoError(t, err)
	return schema
}

// noLoader keeps the compiler from the network.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("%s is not among the schema's files", url)
}
