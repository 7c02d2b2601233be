package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stella-ops/stella/authority"
)

// A Script is a sequence of operations that can be played on any store, again and again:
// its operations name tokens by their place in a cast that each play makes anew, so that
// plays share a store without meeting one another.
type Script struct {
	Seed uint64 // of the cast
	Ops  []Op
}

// Op is one operation of a script.
type Op struct {
	Kind    string // "get", "list", "save", "save-new", "save-all", "revoke"
	Token   int    // of the cast
	Delta   int64  // of the version that a save expects, from the one that is stored
	Variant int    // of what is written: the payload of a save, the revocation
	Size    int    // of a page
	After   int    // token of the cast that a page begins behind, -1 for the first page
}

// cast is how many tokens a script is about, castOwners how many owners have them.
const (
	cast       = 4
	castOwners = 2
)

func (o Op) String() string {
	switch o.Kind {
	case "save":
		return fmt.Sprintf("save #%d at version %+d, payload %d", o.Token, o.Delta, o.Variant)
	case "save-new":
		return fmt.Sprintf("save #%d as new, payload %d", o.Token, o.Variant)
	case "save-all":
		return fmt.Sprintf("save #%d, the next and #%d as new at once, payload %d", o.Token, o.Token, o.Variant)
	case "revoke":
		return fmt.Sprintf("revoke #%d, attempt %d", o.Token, o.Variant)
	case "list":
		return fmt.Sprintf("list the owner of #%d, %d behind #%d", o.Token, o.Size, o.After)
	}
	return fmt.Sprintf("%s #%d", o.Kind, o.Token)
}

// NewScript makes the script of a seed.
func NewScript(seed uint64, length int) Script {
	rnd := rand.New(rand.NewPCG(seed, 0x73637269))
	kinds := []string{"get", "list", "save", "save", "save", "save-new", "save-all", "revoke"}
	s := Script{Seed: seed}
	for range length {
		s.Ops = append(s.Ops, Op{
			Kind: kinds[rnd.IntN(len(kinds))], Token: rnd.IntN(cast), Delta: []int64{0, 0, 0, -1, 1}[rnd.IntN(5)],
			Variant: rnd.IntN(3), Size: []int{0, 1, 2}[rnd.IntN(3)], After: rnd.IntN(cast+1) - 1,
		})
	}
	return s
}

// A Divergence is the first step at which two stores did not answer the same.
type Divergence struct {
	Step      int    // of the script, from 0
	Op        string // in words
	Store     string // which store is not like the first
	Want, Got string // answers as text
	Offset    int    // of the first byte that differs
}

func (d *Divergence) Error() string {
	return fmt.Sprintf("step %d, %s: %s answers otherwise from byte %d on\n  want %s\n  got  %s", d.Step, d.Op, d.Store, d.Offset, around(d.Want, d.Offset), around(d.Got, d.Offset))
}

// around is the part of a long text that holds the offset.
func around(s string, offset int) string {
	const span = 300
	from := max(offset-span/2, 0)
	return fmt.Sprintf("%.*q", span, s[min(from, len(s)):])
}

// difference is the first byte in which two texts differ.
func difference(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// Named is a store and what reports call it.
type Named struct {
	Name  string
	Store authority.TokenStore
}

// Play plays a script on all stores, one operation after the other, and compares what
// they answer, values and errors by class, with what the first one does. salt makes a
// cast that no other play has.
func (s Script) Play(ctx context.Context, salt uint64, stores ...Named) *Divergence {
	p := newPlay(s.Seed, salt)
	for i, op := range s.Ops {
		known := p.versions[op.Token] // the same for every store
		var want string
		for j, n := range stores {
			got, version := p.do(ctx, n.Store, op, known)
			if j == 0 {
				want = got
				p.versions[op.Token] = version
				continue
			}
			if got != want {
				return &Divergence{i, op.String(), n.Name, want, got, difference(want, got)}
			}
		}
	}
	return nil
}

// play is one run of a script.
type play struct {
	tokens      []authority.Token
	revocations [][]authority.Revocation // of each token, by variant
	versions    []int64                  // that the first store holds
}

func newPlay(seed, salt uint64) *play {
	m := &Maker{rand.New(rand.NewPCG(seed, salt))}
	p := &play{versions: make([]int64, cast)}
	var owners []authority.PrincipalID
	for range castOwners {
		owners = append(owners, m.Principal())
	}
	for i := range cast {
		t := m.Plain()
		t.Owner = owners[i%castOwners]
		t.CreatedAt = awkwardTimes[3+i/2] // ties
		t.LastUsedAt = time.Time{}
		p.tokens = append(p.tokens, t)
		p.revocations = append(p.revocations, []authority.Revocation{m.Revocation(), m.Revocation(), m.Revocation()})
	}
	return p
}

// do does one operation and says as text what came of it, and the version of the token
// from then on.
func (p *play) do(ctx context.Context, s authority.TokenStore, op Op, known int64) (string, int64) {
	t := p.tokens[op.Token]
	switch op.Kind {
	case "get":
		got, err := s.GetByID(ctx, t.ID)
		return answer(got, err), known
	case "list":
		page := authority.Page{Size: op.Size}
		if op.After >= 0 {
			page.After = authority.CursorOf(p.tokens[op.After])
		}
		list, next, err := s.GetByOwner(ctx, t.Owner, page)
		words := []string{class(err), "next " + next.String(), fmt.Sprint(list == nil)}
		for _, got := range list {
			words = append(words, Canonical(got))
		}
		return strings.Join(words, "\n"), known
	case "revoke":
		out, err := s.Revoke(ctx, t.ID, p.revocations[op.Token][op.Variant])
		if err != nil {
			return class(err), known
		}
		return fmt.Sprintf("%v\n%s", out.Won, Canonical(out.Token)), out.Token.Version
	}
	if op.Kind == "save-all" {
		return p.saveAll(ctx, s, op), p.versions[op.Token]
	}
	expect := authority.Absent()
	if op.Kind == "save" {
		expect = authority.AtVersion(max(known+op.Delta, 1))
	}
	t = varied(t, op.Variant)
	got, err := s.Save(ctx, t, expect)
	if err != nil {
		return class(err), known
	}
	return answer(got, nil), got.Version
}

// saveAll saves two tokens of the cast, and the first of them once more.
func (p *play) saveAll(ctx context.Context, s authority.TokenStore, op Op) string {
	places := []int{op.Token, (op.Token + 1) % cast, op.Token}
	var tokens []authority.Token
	for i, place := range places {
		tokens = append(tokens, varied(p.tokens[place], op.Variant+i))
	}
	outcomes, err := saveAll(ctx, s, tokens)
	words := class(err)
	for i, outcome := range outcomes {
		words += ", " + class(outcome)
		if outcome == nil {
			p.versions[places[i]] = 1
		}
	}
	return words
}

// varied is what a save writes.
func varied(t authority.Token, variant int) authority.Token {
	t.Payload = mustPayload(fmt.Sprintf(`{"variant":%d}`, variant))
	if variant > 0 {
		t.LastUsedAt = awkwardTimes[variant]
	}
	return t
}

func answer(t authority.Token, err error) string {
	if err != nil {
		return class(err)
	}
	return Canonical(t)
}

// classes are the errors that callers branch on.
var classes = []struct {
	name string
	err  error
}{
	{"not found", authority.ErrNotFound},
	{"exists", authority.ErrExists},
	{"conflict", authority.ErrConflict},
	{"invalid", authority.ErrInvalid},
	{"unavailable", authority.ErrUnavailable},
	{"unknown outcome", authority.ErrUnknownOutcome},
}

// class names the one class of an error; an error of none or of several is a defect of
// the store, and told apart from every class.
func class(err error) string {
	if err == nil {
		return "ok"
	}
	var names []string
	for _, c := range classes {
		if errors.Is(err, c.err) {
			names = append(names, c.name)
		}
	}
	if len(names) != 1 {
		return fmt.Sprintf("an error of %d classes %v: %v", len(names), names, err)
	}
	return "error: " + names[0]
}

// Shrink drops operations from a script as long as fails says that it still does (the
// second half of delta debugging, Zeller and Hildebrandt 2002, by single operations from
// the back, which for scripts this short is as good).
func (s Script) Shrink(fails func(Script) bool) Script {
	for size := len(s.Ops) / 2; size > 0; {
		smaller := false
		for at := len(s.Ops) - size; at >= 0; at -= size {
			less := Script{s.Seed, slices.Concat(s.Ops[:at], s.Ops[at+size:])}
			if fails(less) {
				s, smaller = less, true
			}
		}
		if !smaller {
			size /= 2
		}
	}
	return s
}
