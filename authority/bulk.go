package authority

import (
	"context"
	"errors"
	"fmt"
)

// BulkSaver saves many tokens in few round trips: an import, or a conversion from one
// store to another. The stores of this module are one beside [TokenStore], which stays
// narrow.
type BulkSaver interface {
	// SaveAll saves tokens of which none may be there, each as [TokenStore.Save] does with
	// [Absent], in their order: what is refused holds no other back, and of several with
	// one id the first that is valid is saved. It returns what became of each token, at its
	// place: nil, [ErrExists] or [ErrInvalid].
	//
	// An error says that the store broke off: [ErrUnavailable] where nothing was saved,
	// [ErrUnknownOutcome] where something was, or may have been. The outcome of a token is
	// then one of these, too. To go on, call it again: what was saved exists.
	SaveAll(ctx context.Context, tokens []Token) ([]error, error)
}

// The limits of a batch: one statement, one message. A message to MongoDB has 48,000,000
// bytes at most; other callers wait for less than that.
const (
	batchTokens = 1000
	batchBytes  = 8 << 20 // of payload; a token has less than 5 KiB besides
)

// SaveInBatches is [BulkSaver.SaveAll] but for the statement. insert saves a batch of new
// tokens that are normalised and have different ids, and returns the places of those that
// were there already; its error is about all of them.
func SaveInBatches(ctx context.Context, tokens []Token, insert func(context.Context, []Token) (there []int, err error)) ([]error, error) {
	outcomes := make([]error, len(tokens))
	err := ended(ctx)
	done := 0
	for err == nil && done < len(tokens) {
		batch, places, n := nextBatch(tokens[done:], outcomes[done:])
		var there []int
		if err = ended(ctx); err == nil && len(batch) > 0 {
			there, err = insert(ctx, batch)
		}
		if err != nil {
			for _, i := range places {
				outcomes[done+i] = err
			}
		}
		for _, i := range there {
			outcomes[done+places[i]] = ErrExists
		}
		done += n
	}
	if err == nil {
		return outcomes, nil
	}
	for i := done; i < len(tokens); i++ {
		outcomes[i] = fmt.Errorf("%w: the tokens before it could not be saved", ErrUnavailable)
	}
	return outcomes, brokenOff(ctx, outcomes, err)
}

// nextBatch takes the tokens of one statement from the front: those of the first n that
// are valid, and their places. What is not valid has its outcome. A batch ends before an
// id that it holds, so that the store finds the second there.
func nextBatch(tokens []Token, outcomes []error) (batch []Token, places []int, n int) {
	size := min(len(tokens), batchTokens)
	batch, places = make([]Token, 0, size), make([]int, 0, size)
	ids := make(map[TokenID]bool, size)
	bytes := 0
	for i, t := range tokens {
		t, err := prepareSave(t, Absent())
		if err != nil {
			outcomes[i] = err
			continue
		}
		bytes += len(t.Payload.text)
		if len(batch) > 0 && (len(batch) == batchTokens || bytes > batchBytes || ids[t.ID]) {
			return batch, places, i
		}
		ids[t.ID] = true
		t.Version = 1
		batch, places = append(batch, t), append(places, i)
	}
	return batch, places, len(tokens)
}

// brokenOff is the error of a call of which a batch failed.
func brokenOff(ctx context.Context, outcomes []error, err error) error {
	saved := 0
	for _, outcome := range outcomes {
		if outcome == nil {
			saved++
		}
	}
	if saved == 0 || errors.Is(err, ErrUnknownOutcome) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %d of %d tokens were saved before: %w", ErrUnknownOutcome, saved, len(outcomes), ctx.Err())
	}
	return fmt.Errorf("%w: %d of %d tokens were saved before: %v", ErrUnknownOutcome, saved, len(outcomes), err)
}
