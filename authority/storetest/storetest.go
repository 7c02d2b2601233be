// Package storetest is the contract of authority.TokenStore as tests.
//
// Every store's own test is a few lines:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t storetest.T) storetest.Backend { return storetest.Backend{Store: open(t)} })
//	}
//
// A property is a function of a backend that fails its [T]. It runs against stores that
// are right and, in the mutant runs, against stores that are broken on purpose, so it
// takes no *testing.T. What a run exercised is counted: a part that exercised nothing
// fails.
package storetest

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// T is what a property needs of *testing.T.
type T interface {
	require.TestingT
	Helper()
	Context() context.Context
	Cleanup(func())
	Logf(format string, args ...any)
}

// Backend is one empty store of an engine, and what can be done to it.
type Backend struct {
	Store authority.TokenStore
	// Restart closes the store and opens it anew on the same data.
	Restart func(T) authority.TokenStore
	// Engine names what answered, with its version: "PostgreSQL 17.2", "memory".
	Engine string
}

// Open opens an empty backend of its own for each call, and closes it by Cleanup.
type Open func(T) Backend

// A Property is one promise of the contract.
type Property struct {
	Name  string
	Check func(T, Backend)
}

// Run holds a store to the contract: one subtest a property, each on a store of its own.
// Where all of them ran, each method was called, or the run fails. Fewer may run only
// where the command line picks them ([Part]), and one at least.
func Run(t *testing.T, open Open) {
	t.Helper()
	ran, properties, held := new(Counts), Contract(), 0
	for _, p := range properties {
		t.Run(p.Name, func(t *testing.T) {
			held++
			b := open(t)
			b.Store = ran.Count(b.Store)
			Hold(t, p, b)
		})
	}
	if !t.Failed() {
		ran.Require(t, held, len(properties), Part())
	}
}

// Counts counts calls of a store, by method and by what came of them. It may be used by
// several goroutines.
type Counts struct {
	mu sync.Mutex
	n  map[string]int
}

var methods = []string{"GetByID", "GetByOwner", "Save", "Revoke", "SaveAll"}

// Methods are the names of the methods that [Counts] counts.
func Methods() []string { return slices.Clone(methods) }

func (c *Counts) add(method string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == nil {
		c.n = make(map[string]int)
	}
	c.n[method]++
}

// Of is the number of calls of a method.
func (c *Counts) Of(method string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n[method]
}

// Require fails where too little was held to the contract: a method that was never called
// in a run of all properties, or no property at all. Part is what was picked on purpose;
// without it, all properties must have been.
func (c *Counts) Require(t T, held, properties int, part string) {
	t.Helper()
	if held < properties {
		require.NotEmpty(t, part, "%d of %d properties ran, and nobody picked them", held, properties)
		require.Positive(t, held, "of the properties, none is picked by%s", part)
		t.Logf("a part of the contract, picked by%s: %d of %d properties, %s", part, held, properties, c)
		return
	}
	for _, m := range methods {
		require.NotZero(t, c.Of(m), "%s was never called", m)
	}
	t.Logf("the contract: %s", c)
}

func (c *Counts) String() string {
	var words []string
	for _, m := range methods {
		words = append(words, fmt.Sprintf("%d %s", c.Of(m), m))
	}
	return strings.Join(words, ", ")
}

// Count returns the store with its calls counted.
func (c *Counts) Count(s authority.TokenStore) authority.TokenStore { return counted{s, c} }

type counted struct {
	store  authority.TokenStore
	counts *Counts
}

func (c counted) GetByID(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	c.counts.add("GetByID")
	return c.store.GetByID(ctx, id)
}

func (c counted) GetByOwner(ctx context.Context, owner authority.PrincipalID, page authority.Page) ([]authority.Token, authority.Cursor, error) {
	c.counts.add("GetByOwner")
	return c.store.GetByOwner(ctx, owner, page)
}

func (c counted) Save(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	c.counts.add("Save")
	return c.store.Save(ctx, t, expect)
}

func (c counted) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) (authority.Outcome, error) {
	c.counts.add("Revoke")
	return c.store.Revoke(ctx, id, r)
}

func (c counted) SaveAll(ctx context.Context, tokens []authority.Token) ([]error, error) {
	c.counts.add("SaveAll")
	return saveAll(ctx, c.store, tokens)
}

// A Verdict is what a property said of a backend.
type Verdict struct {
	Failed  bool
	Message string // of the first failure
}

// Try runs a property where its failure is data, as in a run of mutants.
func Try(ctx context.Context, p Property, open Open) Verdict {
	r := &recorder{ctx: ctx}
	done := make(chan struct{})
	go func() { // FailNow ends the goroutine
		defer close(done)
		defer r.cleanup()
		defer func() {
			if v := recover(); v != nil {
				r.Errorf("panic: %v", v)
			}
		}()
		p.Check(r, open(r))
	}()
	<-done
	return r.verdict
}

// recorder is a T whose failures are kept.
type recorder struct {
	ctx      context.Context
	verdict  Verdict
	cleanups []func()
	mu       sync.Mutex // guards what is above
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.verdict.Failed {
		r.verdict = Verdict{true, fmt.Sprintf(format, args...)}
	}
}

func (r *recorder) FailNow() {
	r.Errorf("failed")
	runtime.Goexit()
}

func (*recorder) Helper()                    {}
func (*recorder) Logf(string, ...any)        {}
func (r *recorder) Context() context.Context { return r.ctx }

func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *recorder) cleanup() {
	for i := len(r.cleanups) - 1; i >= 0; i-- {
		r.cleanups[i]()
	}
}
