package mongostore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/x/mongo/driver/topology"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/mongostore"
)

// What a failed write means, by what failed. A stand-in for MongoDB heeds no write concern
// and repeats no write, so that the faults of the suite bring about only some of it.
func TestWriteErrors(t *testing.T) {
	refused := mongo.WriteErrors{{Code: 121, Message: "document failed validation"}}
	for _, test := range []struct{ err, want error }{
		{topology.ServerSelectionError{Wrapped: errors.New("no server")}, authority.ErrUnavailable},
		{topology.WaitQueueTimeoutError{}, authority.ErrUnavailable},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, authority.ErrUnavailable},
		{mongo.ErrClientDisconnected, authority.ErrUnavailable},
		{mongo.CommandError{Code: 13, Message: "not authorized"}, authority.ErrUnavailable},
		{mongo.WriteException{WriteErrors: refused}, authority.ErrUnavailable},

		{&net.OpError{Op: "read", Err: io.EOF}, authority.ErrUnknownOutcome},
		{context.DeadlineExceeded, authority.ErrUnknownOutcome},
		{mongo.CommandError{Message: "broken", Labels: []string{"NetworkError"}}, authority.ErrUnknownOutcome},
		{mongo.CommandError{Code: 11600, Message: "shutdown", Labels: []string{"RetryableWriteError"}}, authority.ErrUnknownOutcome},
		// Some server has it, and a majority has not acknowledged it.
		{mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}}, authority.ErrUnknownOutcome},
		{mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64}, WriteErrors: refused}, authority.ErrUnknownOutcome},
		{mongo.WriteException{WriteErrors: refused, Labels: []string{"RetryableWriteError"}}, authority.ErrUnknownOutcome},
	} {
		require.ErrorIs(t, mongostore.WriteError(fmt.Errorf("saving: %w", test.err)), test.want, "%#v", test.err)
	}
}

// What is asked of a server: the stand-in of the tests would take anything.
func TestConcerns(t *testing.T) {
	for _, uri := range []string{"mongodb://127.0.0.1/", "mongodb://127.0.0.1/?w=majority&journal=true&readConcernLevel=linearizable"} {
		opts, err := mongostore.ClientOptions(uri)
		require.NoError(t, err)
		require.Equal(t, "majority", opts.WriteConcern.W)
		require.True(t, *opts.WriteConcern.Journal)
		require.Equal(t, "majority", opts.ReadConcern.Level)
		require.Equal(t, readpref.PrimaryMode, opts.ReadPreference.Mode())
	}
}
