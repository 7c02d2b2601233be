package storetest

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// foreign are goroutines of the tools: a server in a container is killed and run over HTTP,
// whose connections stay; toxiproxy 2.5 forgets a black hole that still has bytes to pass.
var foreign = []goleak.Option{
	goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
	goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
	goleak.IgnoreAnyFunction("github.com/Shopify/toxiproxy/v2/toxics.(*ToxicStub).Run"),
}

// Leaks looks for goroutines that are left, those of before apart and those of the
// tools.
func Leaks(before ...goleak.Option) error { return goleak.Find(slices.Concat(before, foreign)...) }

// Main runs the tests of a package and ends what it has opened. The result is an exit
// code: goroutines that are left fail the tests, for they would pile up in a service.
func Main(m *testing.M, ends ...func() error) int {
	code := m.Run()
	var err error
	for _, end := range ends {
		err = errors.Join(err, end())
	}
	if code == 0 && err == nil {
		err = Leaks()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func requireNoLeak(t T, what string, before goleak.Option) {
	t.Helper()
	var err error
	for range 20 { // what ends on its own has some seconds for it
		if err = Leaks(before); err == nil {
			return
		}
	}
	require.NoError(t, err, "%s: it leaves goroutines behind", what)
}
