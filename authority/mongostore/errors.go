package mongostore

import (
	"errors"
	"fmt"
	"net"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/stella-ops/stella/authority"
)

// unavailable is an error of something that surely changed nothing.
func unavailable(err error) error { return fmt.Errorf("%w: %w", authority.ErrUnavailable, err) }

// writeError says whether a write that failed may have been applied.
func writeError(err error) error {
	if notSent(err) || refusedByServer(err) {
		return unavailable(err)
	}
	return fmt.Errorf("%w: %w", authority.ErrUnknownOutcome, err)
}

// notSent recognises errors from before the command was written: no server was found,
// no connection was free, or none could be made.
func notSent(err error) bool {
	if _, ok := errors.AsType[topology.ServerSelectionError](err); ok {
		return true
	}
	if _, ok := errors.AsType[topology.WaitQueueTimeoutError](err); ok {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	return errors.Is(err, mongo.ErrClientDisconnected)
}

// refusedByServer recognises an answer that says the command was not done. A write
// concern that failed is no such answer: the write stands on some server. Nor is an
// answer with the label of a retryable write, which the driver has repeated in vain.
func refusedByServer(err error) bool {
	if refused, ok := errors.AsType[mongo.WriteException](err); ok {
		return refused.WriteConcernError == nil && len(refused.WriteErrors) > 0 && !refused.HasErrorLabel("RetryableWriteError")
	}
	refused, ok := errors.AsType[mongo.CommandError](err)
	return ok && refused.Code != 0 && !refused.HasErrorLabel("NetworkError") && !refused.HasErrorLabel("RetryableWriteError")
}
