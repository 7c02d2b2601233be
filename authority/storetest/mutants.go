package storetest

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/stella-ops/stella/authority"
)

// A Mutant is a store that breaks one promise, made of one that keeps them all. The suite
// must tell each from a right one: a suite that does not proves nothing of that promise.
type Mutant struct {
	Name  string
	Break func(authority.TokenStore) authority.TokenStore
}

// Mutants are the broken stores.
func Mutants() []Mutant {
	var list []Mutant
	add := func(name string, b broken) {
		list = append(list, Mutant{name, func(s authority.TokenStore) authority.TokenStore {
			m := b
			m.store, m.state = s, new(brokenState)
			return m
		}})
	}
	addTokens := func(name string, change func(*authority.Token)) { add(name, broken{token: change}) }

	addTokens("times come back in the local zone", func(t *authority.Token) { t.CreatedAt = t.CreatedAt.In(time.FixedZone("CET", 3600)) })
	addTokens("times come back with microseconds", func(t *authority.Token) { t.UpdatedAt = t.UpdatedAt.Add(time.Microsecond) })
	addTokens("times before 1970 are cut upwards", func(t *authority.Token) {
		if t.IssuedAt.Unix() < 0 && t.IssuedAt.Nanosecond() > 0 {
			t.IssuedAt = t.IssuedAt.Truncate(time.Second).Add(time.Second)
		}
	})
	addTokens("years beyond 2262 overflow", func(t *authority.Token) {
		if t.ExpiresAt.Year() > 2262 {
			t.ExpiresAt = time.Unix(0, t.ExpiresAt.UnixNano()).UTC()
		}
	})
	addTokens("a last use that never was is 1970", func(t *authority.Token) {
		if t.LastUsedAt.IsZero() {
			t.LastUsedAt = time.Unix(0, 0).UTC()
		}
	})
	addTokens("the payload's keys are sorted by bytes", func(t *authority.Token) { t.Payload = respell(t.Payload, "\U0001F600", "\uFB33") })
	addTokens("the payload is composed (NFC)", func(t *authority.Token) { t.Payload = replaceIn(t.Payload, "e\u0301", "\u00e9\u00e9") })
	addTokens("numbers of the payload lose digits", func(t *authority.Token) { t.Payload = replaceIn(t.Payload, "9007199254740991", "9007199254740990") })
	addTokens("a payload beyond half a megabyte is lost", func(t *authority.Token) {
		if len(t.Payload.String()) > 1<<19 {
			t.Payload = authority.Payload{}
		}
	})
	addTokens("the kind is cut to 32 bytes", func(t *authority.Token) { t.Kind = t.Kind[:min(len(t.Kind), 32)] })
	addTokens("the secret's hash loses its last byte", func(t *authority.Token) { t.Secret[31] = 0 })
	addTokens("the creator is the owner", func(t *authority.Token) { t.CreatedBy = t.Owner })
	addTokens("the reason is trimmed", func(t *authority.Token) { reason(t, strings.TrimSpace) })
	addTokens("the reason loses what lies beyond the basic plane", func(t *authority.Token) {
		reason(t, func(s string) string {
			return strings.Map(func(r rune) rune {
				if r > 0xFFFF {
					return '?'
				}
				return r
			}, s)
		})
	})
	addTokens("the version starts at 0", func(t *authority.Token) { t.Version-- })

	add("a save ignores the version", broken{expect: func(ctx context.Context, s authority.TokenStore, t authority.Token, e authority.Expect) authority.Expect {
		if now, err := s.GetByID(ctx, t.ID); err == nil && e != authority.Absent() {
			return authority.AtVersion(now.Version)
		}
		return e
	}})
	add("a save as new overwrites", broken{expect: func(ctx context.Context, s authority.TokenStore, t authority.Token, e authority.Expect) authority.Expect {
		if now, err := s.GetByID(ctx, t.ID); err == nil && e == authority.Absent() {
			return authority.AtVersion(now.Version)
		}
		return e
	}})
	add("a save makes what is not there", broken{expect: func(ctx context.Context, s authority.TokenStore, t authority.Token, e authority.Expect) authority.Expect {
		if _, err := s.GetByID(ctx, t.ID); err != nil {
			return authority.Absent()
		}
		return e
	}})
	add("a save reads, compares and writes apart", broken{lostUpdate: true})
	add("a save takes another identity", broken{adopt: true})
	add("a save answers what was there before", broken{saveAnswersOld: true})
	add("the second revocation wins", broken{secondWins: true})
	add("every revocation says that it won", broken{outcome: func(o *authority.Outcome) { o.Won = true }})
	add("no repetition knows that it won", broken{repetitionForgets: true})
	add("a revocation of nothing succeeds", broken{revokeNothing: true})
	add("a revocation answers the token as it was", broken{outcome: func(o *authority.Outcome) { o.Token.Revoked = nil }})
	add("a revoked token can be saved", broken{unrevoke: true})
	add("an error is swallowed", broken{swallow: true})
	add("every error is a conflict", broken{fail: func(err error) error { return fmt.Errorf("%w: %v", authority.ErrConflict, err) }})
	add("an error has no class", broken{fail: func(err error) error { return fmt.Errorf("the database says: %v", err) }})
	add("values are not checked", broken{unchecked: true})
	add("a context that has ended is ignored", broken{endless: true})

	add("lists are in the order of ids", broken{list: func(l []authority.Token) []authority.Token {
		slices.SortFunc(l, func(a, b authority.Token) int { return a.ID.Compare(b.ID) })
		return l
	}})
	add("ties are in any order", broken{list: func(l []authority.Token) []authority.Token {
		slices.SortStableFunc(l, func(a, b authority.Token) int {
			if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
				return c
			}
			return b.ID.Compare(a.ID)
		})
		return l
	}})
	add("an empty list is nil", broken{list: func(l []authority.Token) []authority.Token {
		if len(l) == 0 {
			return nil
		}
		return l
	}})
	add("revoked tokens are not listed", broken{list: func(l []authority.Token) []authority.Token {
		return slices.DeleteFunc(l, func(t authority.Token) bool { return t.Revoked != nil })
	}})
	add("a page holds one too few", broken{list: func(l []authority.Token) []authority.Token { return l[:max(len(l)-1, 0)] }})
	add("a page begins with the last one's end", broken{overlap: true})
	add("the last page names another", broken{endlessPages: true})
	add("only the first thousand are asked for", broken{pageSize: func(int) int { return 7 }})
	add("a page is as long as its bytes may be", broken{heavy: true})
	add("what a caller changes is stored", broken{aliasing: true})
	for _, m := range brokenBulk {
		add(m.name, broken{bulk: m.save})
	}
	return list
}

// respell writes a payload whose two keys stand the other way round, which no payload
// that was parsed does.
func respell(p authority.Payload, a, b string) authority.Payload {
	if strings.Contains(p.String(), a) && strings.Contains(p.String(), b) {
		return authority.Payload{}
	}
	return p
}

func replaceIn(p authority.Payload, old, new string) authority.Payload {
	if !strings.Contains(p.String(), old) {
		return p
	}
	changed, err := authority.ParsePayload([]byte(strings.ReplaceAll(p.String(), old, new)))
	if err != nil {
		return authority.Payload{}
	}
	return changed
}

func reason(t *authority.Token, change func(string) string) {
	if t.Revoked != nil {
		r := *t.Revoked
		r.Reason = change(r.Reason)
		t.Revoked = &r
	}
}

// broken is a store with one of its ways to be wrong switched on.
type broken struct {
	store authority.TokenStore
	state *brokenState

	token   func(*authority.Token) // done to every token that is given back
	list    func([]authority.Token) []authority.Token
	outcome func(*authority.Outcome)
	fail    func(error) error
	expect  func(context.Context, authority.TokenStore, authority.Token, authority.Expect) authority.Expect

	bulk func(context.Context, authority.TokenStore, []authority.Token) ([]error, error)

	pageSize                                     func(int) int
	overlap, endlessPages, heavy                 bool
	lostUpdate, adopt, saveAnswersOld, unrevoke  bool
	secondWins, repetitionForgets, revokeNothing bool
	swallow, unchecked, endless, aliasing        bool
}

// brokenState is what some mutants remember.
type brokenState struct {
	mu      sync.Mutex
	seen    map[authority.TokenID]authority.Token
	shared  map[authority.TokenID]*authority.Revocation
	revoked map[authority.TokenID]authority.Revocation
}

func (b broken) give(t authority.Token, err error) (authority.Token, error) {
	if err != nil {
		return t, b.failed(err)
	}
	if b.token != nil {
		b.token(&t)
	}
	if b.aliasing {
		b.share(&t)
	}
	return t, nil
}

func (b broken) failed(err error) error {
	if b.swallow {
		return nil
	}
	if b.fail != nil {
		return b.fail(err)
	}
	return err
}

func (b broken) context(ctx context.Context) context.Context {
	if b.endless {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (b broken) GetByID(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	t, err := b.store.GetByID(b.context(ctx), id)
	if err == nil {
		t = b.remembered(t)
	}
	return b.give(t, err)
}

// remembered is the token as this store would have it.
func (b broken) remembered(t authority.Token) authority.Token {
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	if r, ok := b.state.revoked[t.ID]; ok && b.secondWins {
		t.Revoked = &r
	}
	if kept, ok := b.state.seen[t.ID]; ok && (b.unrevoke || b.adopt) {
		return kept
	}
	return t
}

// share gives every caller the same memory.
func (b broken) share(t *authority.Token) {
	if t.Revoked == nil {
		return
	}
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	if b.state.shared == nil {
		b.state.shared = make(map[authority.TokenID]*authority.Revocation)
	}
	if b.state.shared[t.ID] == nil {
		b.state.shared[t.ID] = t.Revoked
	}
	t.Revoked = b.state.shared[t.ID]
}

func (b broken) keep(t authority.Token) {
	b.state.mu.Lock()
	defer b.state.mu.Unlock()
	if b.state.seen == nil {
		b.state.seen = make(map[authority.TokenID]authority.Token)
	}
	b.state.seen[t.ID] = t
}

func (b broken) GetByOwner(ctx context.Context, owner authority.PrincipalID, page authority.Page) ([]authority.Token, authority.Cursor, error) {
	if b.pageSize != nil {
		page.Size = b.pageSize(page.Size)
	}
	if b.overlap && !page.After.IsZero() {
		page.After.CreatedAt = page.After.CreatedAt.Add(-time.Millisecond)
	}
	list, next, err := b.store.GetByOwner(b.context(ctx), owner, page)
	for size := cmp.Or(page.Size, authority.MaxPage); b.heavy && !next.IsZero() && len(list) < size; {
		var more []authority.Token
		if more, next, err = b.store.GetByOwner(b.context(ctx), owner, authority.Page{After: next, Size: size - len(list)}); err != nil {
			break
		}
		list = append(list, more...)
	}
	if err != nil {
		return list, next, b.failed(err)
	}
	for i := range list {
		if list[i], err = b.give(list[i], nil); err != nil {
			return nil, next, err
		}
	}
	if b.list != nil {
		list = b.list(list)
	}
	if b.endlessPages && len(list) > 0 {
		next = authority.CursorOf(list[len(list)-1])
	}
	if b.pageSize != nil {
		next = authority.Cursor{}
	}
	return list, next, nil
}

func (b broken) Save(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	ctx = b.context(ctx)
	switch {
	case b.expect != nil:
		expect = b.expect(ctx, b.store, t, expect)
	case b.unchecked && t.Revoked != nil:
		t.Revoked = nil
	case b.lostUpdate && expect != authority.Absent():
		return b.give(b.readCompareWrite(ctx, t, expect))
	case b.saveAnswersOld && expect != authority.Absent():
		old, errOld := b.store.GetByID(ctx, t.ID)
		if _, err := b.store.Save(ctx, t, expect); err != nil || errOld != nil {
			return t, err
		}
		return old, nil
	}
	saved, err := b.store.Save(ctx, t, expect)
	if err != nil && expect != authority.Absent() && (b.unrevoke || b.adopt) {
		now, errNow := b.store.GetByID(ctx, t.ID)
		if errNow == nil && now.Version == expect.Version() && (b.adopt || now.Revoked != nil) {
			t.Version = now.Version + 1
			b.keep(t)
			return t, nil
		}
	}
	return b.give(saved, err)
}

func (b broken) SaveAll(ctx context.Context, tokens []authority.Token) ([]error, error) {
	do := saveAll
	if b.bulk != nil {
		do = b.bulk
	}
	outcomes, err := do(b.context(ctx), b.store, tokens)
	if err != nil {
		err = b.failed(err)
	}
	return outcomes, err
}

// readCompareWrite is the way to lose an update: what is written between its read and
// its write is overwritten.
func (b broken) readCompareWrite(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	t, err := authority.PrepareSave(ctx, t, expect)
	if err != nil {
		return t, err
	}
	now, err := b.store.GetByID(ctx, t.ID)
	switch {
	case err != nil:
		return t, err
	case now.Version != expect.Version() || now.Revoked != nil || !now.SameIdentity(t):
		return t, authority.ErrConflict
	}
	for range 50 { // the way to a database is longer than that to memory
		runtime.Gosched()
	}
	for {
		saved, err := b.store.Save(ctx, t, authority.AtVersion(now.Version))
		if err == nil {
			return saved, nil
		}
		if now, err = b.store.GetByID(ctx, t.ID); err != nil || now.Revoked != nil {
			return t, authority.ErrConflict
		}
	}
}

func (b broken) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) (authority.Outcome, error) {
	ctx = b.context(ctx)
	repeated := false
	if b.repetitionForgets {
		now, err := b.store.GetByID(ctx, id)
		repeated = err == nil && now.Revoked != nil
	}
	out, err := b.store.Revoke(ctx, id, r)
	if err != nil {
		if b.revokeNothing {
			return authority.Outcome{Token: authority.Token{ID: id, Revoked: &r}, Won: true}, nil
		}
		return out, b.failed(err)
	}
	if repeated {
		out.Won = false
	}
	if b.secondWins {
		b.state.mu.Lock()
		if b.state.revoked == nil {
			b.state.revoked = make(map[authority.TokenID]authority.Revocation)
		}
		b.state.revoked[id] = r
		b.state.mu.Unlock()
		out.Token.Revoked, out.Won = &r, true
	}
	if b.outcome != nil {
		b.outcome(&out)
	}
	out.Token, err = b.give(out.Token, nil)
	return out, err
}

// A Kill is what became of a mutant.
type Kill struct {
	Mutant     string
	By         string // the property or run that told it from a right store, "" if none did
	Operations int    // that it took, after shrinking; of a property, the calls it made
}

// KillMutants runs every mutant of a backend through the suite: scripts beside the model
// first, because those shrink, then the contract, then clients at once.
func KillMutants(ctx context.Context, open Open, model func() authority.TokenStore) []Kill {
	var kills []Kill
	for _, m := range Mutants() {
		kills = append(kills, m.kill(ctx, open, model))
	}
	return kills
}

func (m Mutant) kill(ctx context.Context, open Open, model func() authority.TokenStore) Kill {
	kill := Kill{Mutant: m.Name}
	verdict := Try(ctx, Property{Check: func(t T, b Backend) {
		stores := []Named{{"the model", model()}, {"the mutant", m.Break(b.Store)}}
		for seed := range uint64(20) {
			s := NewScript(seed, 30)
			d := s.Play(t.Context(), salt(), stores...)
			if d == nil {
				continue
			}
			s, _ = s.minimal(t.Context(), d, stores...)
			kill.By, kill.Operations = "lockstep", len(s.Ops)
			return
		}
	}}, open)
	if kill.By != "" || verdict.Failed {
		return kill
	}
	for _, p := range append(Contract(), linearizable) {
		counts := new(Counts)
		v := Try(ctx, Property{Check: func(t T, b Backend) {
			if _, ok := known(b.Engine, p.Name); ok {
				return // it tells no mutant from a right store
			}
			right := b.Restart
			b.Restart = func(t T) authority.TokenStore { return counts.Count(m.Break(right(t))) }
			b.Store = counts.Count(m.Break(b.Store))
			p.Check(t, b)
		}}, open)
		if v.Failed {
			kill.By, kill.Operations = p.Name, counts.total()
			return kill
		}
	}
	return kill
}

// linearizable is a short load, as a property.
var linearizable = Property{"clients at once see one order", func(t T, b Backend) {
	Linearizable(t, b.Store, Load{Seed: 1, Clients: 8, Tokens: 5, Calls: 100})
}}

func (c *Counts) total() int {
	n := 0
	for _, m := range methods {
		n += c.Of(m)
	}
	return n
}

// KillTable is the kills for people.
func KillTable(kills []Kill) string {
	var text strings.Builder
	w := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "mutant\tkilled by\toperations")
	for _, k := range kills {
		fmt.Fprintf(w, "%s\t%s\t%d\n", k.Mutant, k.By, k.Operations)
	}
	w.Flush() // to memory: cannot fail
	return text.String()
}
