package storetest

import (
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
	Calls   int // of each client
	// Timeout is the deadline of a call; 0 stands for 10 s.
	Timeout time.Duration
}

// Linearizable puts a load on a store and has porcupine judge the history, a token at a
// time (Herlihy and Wing 1990: linearisability is local). It returns how many calls were
// judged, and how many of them by an unknown outcome.
func Linearizable(t T, s authority.TokenStore, l Load) (judged, unknown int) {
	t.Helper()
	history := l.run(t.Context(), s)
	for _, op := range history {
		if op.Output.(reply).class == "error: unknown outcome" {
			unknown++
		}
	}
	result := porcupine.CheckOperationsTimeout(contractModel.ToModel(), history, 2*time.Minute)
	require.Equal(t, porcupine.Ok, result, "the history of seed %d: %d calls, %d of unknown outcome", l.Seed, len(history), unknown)
	return len(history), unknown
}

func (l Load) run(ctx context.Context, s authority.TokenStore) []porcupine.Operation {
	if l.Timeout == 0 {
		l.Timeout = 10 * time.Second
	}
	m := &Maker{rand.New(rand.NewPCG(l.Seed, salt()))}
	tokens := make([]authority.Token, l.Tokens)
	for i := range tokens {
		tokens[i] = m.Plain()
	}
	begin := time.Now()
	histories := make([][]porcupine.Operation, l.Clients)
	var wg sync.WaitGroup
	for n := range l.Clients {
		c := client{id: n, store: s, tokens: tokens, seen: make([]int64, l.Tokens), maker: NewMaker(l.Seed ^ uint64(n+1)<<32), begin: begin}
		wg.Go(func() {
			for i := range l.Calls {
				// The clients walk through the tokens side by side, two at a time.
				at := min(i*l.Tokens/l.Calls+c.maker.rnd.IntN(2), l.Tokens-1)
				histories[n] = append(histories[n], c.call(ctx, l.Timeout, c.next(at, i)))
			}
		})
	}
	wg.Wait()
	return slices.Concat(histories...)
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
