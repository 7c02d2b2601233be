package storetest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// call is what a client asked of one token.
type call struct {
	token   int
	kind    string // "get", "save", "revoke"
	expect  int64  // of a save, 0: absent
	writer  string // of a save: no other save writes it
	attempt authority.AttemptID
}

// reply is what it was told.
type reply struct {
	class   string
	version int64
	writer  string
	attempt authority.AttemptID // of the revocation that stands
	won     bool
}

// tokenState is one token as the contract has it.
type tokenState struct {
	version int64 // 0: not there
	writer  string
	attempt authority.AttemptID
}

// contractModel says which replies the contract allows in which state. A call whose
// outcome is unknown was applied or not, at any time from its call on.
var contractModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		tokens := map[int][]porcupine.Operation{}
		for _, op := range history {
			n := op.Input.(call).token
			tokens[n] = append(tokens[n], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range tokens {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() []any { return []any{tokenState{}} },
	Step: func(state, input, output any) []any {
		var next []any
		for _, s := range step(state.(tokenState), input.(call), output.(reply)) {
			next = append(next, s)
		}
		return next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// step returns the states that can follow, none where the contract forbids the reply.
func step(s tokenState, in call, out reply) []tokenState {
	if out.class == "error: unavailable" {
		return []tokenState{s}
	}
	after, want := apply(s, in)
	if out.class == "error: unknown outcome" {
		if after == s {
			return []tokenState{s}
		}
		return []tokenState{s, after}
	}
	if out != want {
		return nil
	}
	return []tokenState{after}
}

// apply is the contract for one token: the state after a call, and the reply to it.
func apply(s tokenState, in call) (tokenState, reply) {
	told := func(class string) (tokenState, reply) { return s, reply{class: "error: " + class} }
	switch in.kind {
	case "get":
		if s.version == 0 {
			return told("not found")
		}
	case "save":
		switch {
		case in.expect == 0 && s.version > 0:
			return told("exists")
		case in.expect > 0 && s.version == 0:
			return told("not found")
		case in.expect != s.version || s.attempt != "":
			return told("conflict")
		}
		s.version, s.writer = s.version+1, in.writer
	case "revoke":
		if s.version == 0 {
			return told("not found")
		}
		if s.attempt == "" {
			s.version, s.attempt = s.version+1, in.attempt
		}
	}
	return s, reply{class: "ok", version: s.version, writer: s.writer, attempt: s.attempt, won: in.kind == "revoke" && s.attempt == in.attempt}
}

// A Load is what many clients do to a few tokens at once.
type Load struct {
	Seed    uint64
	Clients int
	Tokens  int
	Calls   int // of each client, those apart that were surely not done
	// Timeout is the deadline of a call; 0 stands for 10 s.
	Timeout time.Duration
	// Trouble strikes meanwhile; nil for none.
	Trouble *Trouble
	// Truth reads what is stored when all is over; nil stands for the store.
	Truth authority.TokenStore
}

// History is how a load was answered.
type History struct {
	// Judged counts the calls, those apart that were surely not done: they say nothing.
	Judged int
	// Unknown counts those of the judged whose outcome is unknown, Unavailable the calls
	// that were surely not done.
	Unknown, Unavailable int
	// Revoked counts the tokens of which some caller was told that they are revoked.
	Revoked int
}

// Linearizable puts a load on a store and has porcupine judge the history, a token at a
// time (Herlihy and Wing 1990: linearisability is local). The history ends with what is
// stored then, so that nothing that a caller was told may be lost.
func Linearizable(t T, s authority.TokenStore, l Load) History {
	t.Helper()
	operations := l.run(t.Context(), s)
	var h History
	revoked := make(map[int]authority.AttemptID)
	for _, op := range operations {
		switch in, out := op.Input.(call), op.Output.(reply); {
		case out.class == "error: unavailable":
			h.Unavailable++
			continue
		case out.class == "error: unknown outcome":
			h.Unknown++
		case out.attempt != "":
			require.Equal(t, out.attempt, cmp.Or(revoked[in.token], out.attempt), "token %d was revoked twice", in.token)
			revoked[in.token] = out.attempt
		}
		h.Judged++
	}
	h.Revoked = len(revoked)
	for _, op := range operations[len(operations)-l.Tokens:] {
		in, out := op.Input.(call), op.Output.(reply)
		require.Contains(t, []string{"ok", "error: not found"}, out.class, "token %d cannot be read when all is over", in.token)
		if attempt, ok := revoked[in.token]; ok {
			require.Equal(t, attempt, out.attempt, "token %d: a revocation that a caller was told of is lost", in.token)
		}
	}
	result := porcupine.CheckOperationsTimeout(contractModel.ToModel(), operations, 2*time.Minute)
	require.Equal(t, porcupine.Ok, result, "the history of seed %d: %+v", l.Seed, h)
	return h
}

// run returns what was called and answered; at last each token is read, in their order.
func (l Load) run(ctx context.Context, s authority.TokenStore) []porcupine.Operation {
	l.Timeout = cmp.Or(l.Timeout, 10*time.Second)
	m := &Maker{rand.New(rand.NewPCG(l.Seed, salt()))}
	tokens := make([]authority.Token, l.Tokens)
	for i := range tokens {
		tokens[i] = m.Plain()
	}
	begin := time.Now()
	histories := make([][]porcupine.Operation, l.Clients+1)
	newClient := func(n int, s authority.TokenStore) *client {
		return &client{id: n, store: s, tokens: tokens, seen: make([]int64, l.Tokens), maker: NewMaker(l.Seed ^ uint64(n+1)<<32), begin: begin}
	}
	var wg sync.WaitGroup
	for n := range l.Clients {
		c := newClient(n, s)
		wg.Go(func() { histories[n] = c.work(ctx, l) })
	}
	wg.Wait()
	last := newClient(l.Clients, s)
	if l.Truth != nil {
		last.store = l.Truth
	}
	for i := range tokens {
		histories[l.Clients] = append(histories[l.Clients], last.read(ctx, l.Timeout, i))
	}
	return slices.Concat(histories...)
}

// work does the calls of a client: the clients walk through the tokens side by side, two
// at a time.
func (c *client) work(ctx context.Context, l Load) (history []porcupine.Operation) {
	for i := 0; i < l.Calls && ctx.Err() == nil; {
		at := min(i*l.Tokens/l.Calls+c.maker.rnd.IntN(2), l.Tokens-1)
		heal := l.Trouble.maybe(ctx, c.maker.rnd)
		op := c.call(ctx, l.Timeout, c.next(at, len(history)))
		heal()
		history = append(history, op)
		if op.Output.(reply).class != "error: unavailable" {
			i++
			continue
		}
		l.Trouble.wait()
	}
	return history
}

// client does one call after the other.
type client struct {
	id     int
	store  authority.TokenStore
	tokens []authority.Token
	seen   []int64 // the version that it last saw of each
	maker  *Maker
	begin  time.Time
}

// read reads a token, again where a connection turns out to be broken since the trouble.
func (c *client) read(ctx context.Context, timeout time.Duration, token int) porcupine.Operation {
	for range 20 {
		op := c.call(ctx, timeout, call{token: token, kind: "get"})
		if op.Output.(reply).class != "error: unavailable" {
			return op
		}
	}
	return c.call(ctx, timeout, call{token: token, kind: "get"})
}

func (c *client) call(ctx context.Context, timeout time.Duration, in call) porcupine.Operation {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	op := porcupine.Operation{ClientId: c.id, Input: in, Call: time.Since(c.begin).Nanoseconds()}
	out := c.do(ctx, in)
	op.Output, op.Return = out, time.Since(c.begin).Nanoseconds()
	if out.class == "error: unknown outcome" {
		op.Return = math.MaxInt64 // it may be applied whenever
	}
	if out.version > 0 {
		c.seen[in.token] = out.version
	}
	return op
}

// next is a call that is likely to meet others. Few are revocations, since a token that
// is revoked has no more to tell.
func (c *client) next(token, i int) call {
	in := call{token: token, kind: "get"}
	switch n := c.maker.rnd.IntN(60); {
	case n < 30:
		in.kind, in.expect, in.writer = "save", c.seen[token], fmt.Sprintf(`{"by":%d,"call":%d}`, c.id, i)
	case n == 30:
		in.kind, in.attempt = "revoke", authority.AttemptID(c.maker.uuid())
	}
	return in
}

func (c *client) do(ctx context.Context, in call) reply {
	token := c.tokens[in.token]
	var err error
	won := false
	switch in.kind {
	case "get":
		token, err = c.store.GetByID(ctx, token.ID)
	case "save":
		expect := authority.Absent()
		if in.expect > 0 {
			expect = authority.AtVersion(in.expect)
		}
		token.Payload = mustPayload(in.writer)
		token, err = c.store.Save(ctx, token, expect)
	case "revoke":
		r := c.maker.Revocation()
		r.Attempt = in.attempt
		var out authority.Outcome
		out, err = c.store.Revoke(ctx, token.ID, r)
		token, won = out.Token, out.Won
	}
	if err != nil {
		return reply{class: class(err)}
	}
	out := reply{class: "ok", version: token.Version, writer: token.Payload.String(), won: won}
	if token.Revoked != nil {
		out.attempt = token.Revoked.Attempt
	}
	return out
}
