package storetest

import (
	"context"
	"math/rand/v2"
	"sync"
)

// Trouble has faults strike while a load is on a store, one at a time. A client begins
// one before one of its own calls, so that each meets a call at least, and ends it after.
// It may be used by several goroutines.
type Trouble struct {
	Faulty Faulty
	// Every says how rare they are: before one call of so many.
	Every int
	// Crash has the server killed and started again, in the place of what happens on the
	// way to it.
	Crash bool

	turn sync.Mutex // held while a fault lasts

	mu     sync.Mutex // guards what follows
	struck int
	err    error // the first that a fault itself met
}

// maybe begins a fault or does not, and returns what ends it.
func (x *Trouble) maybe(ctx context.Context, rnd *rand.Rand) (heal func()) {
	if x == nil || rnd.IntN(x.Every) > 0 {
		return func() {}
	}
	chosen := faults[rnd.IntN(len(faults))]
	for chosen.kill != x.Crash {
		chosen = faults[rnd.IntN(len(faults))]
	}
	if !x.turn.TryLock() {
		return func() {}
	}
	x.note(1, x.Faulty.strike(chosen))
	return func() {
		defer x.turn.Unlock()
		x.note(0, x.Faulty.heal(ctx, chosen))
	}
}

// wait returns when the fault that lasts has ended.
func (x *Trouble) wait() {
	if x != nil {
		x.turn.Lock()
		defer x.turn.Unlock()
	}
}

func (x *Trouble) note(struck int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.struck += struck
	if x.err == nil {
		x.err = err
	}
}

// Struck is how many faults there were, and the first error that one of them met itself:
// then it did not happen as it was meant to.
func (x *Trouble) Struck() (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.struck, x.err
}
