package mongostore_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/embedded/mongoserver"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/storetest"
)

// serverEnv turns the test binary into the benchmarks' server on that directory: what the
// embedded server allocates must not count as the client's.
const serverEnv = "STELLA_BENCH_MONGO"

func serveMongo(dir string) error {
	s, err := mongoserver.Start(dir)
	if err != nil {
		return err
	}
	fmt.Println(s.URI())
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark ends
	return s.Close()
}

// benchURI is a server's outside of this process.
func benchURI(b *testing.B) string {
	if engine.Server == nil {
		return engine.URI
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), serverEnv+"="+b.TempDir())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(b, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(b, err)
	require.NoError(b, cmd.Start())
	b.Cleanup(func() {
		require.NoError(b, stdin.Close())
		require.NoError(b, cmd.Wait())
	})
	uri, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(b, err)
	return strings.TrimSpace(uri)
}

// The floor of the store: the same commands by the driver alone, over a client of its own
// that waits for as much.
//
//	make bench
func BenchmarkStore(b *testing.B) {
	uri := benchURI(b)
	storetest.Benchmark(b, func(b *testing.B) (storetest.Store, storetest.Driver) {
		database := engine.NewDatabase()
		s, err := mongostore.Open(b.Context(), uri, database)
		require.NoError(b, err)
		require.NoError(b, s.Up(b.Context()))
		opts, err := mongostore.ClientOptions(uri)
		require.NoError(b, err)
		client, err := mongo.Connect(opts)
		require.NoError(b, err)
		b.Cleanup(func() {
			require.NoError(b, s.Down(context.Background()))
			require.NoError(b, s.Close(context.Background()))
			require.NoError(b, client.Disconnect(context.Background()))
		})
		return s, raw{client.Database(database).Collection(mongostore.Collection)}
	})
}

type raw struct{ tokens *mongo.Collection }

func (r raw) Get(ctx context.Context, id authority.TokenID) error {
	var d mongostore.Document
	return r.tokens.FindOne(ctx, bson.D{{Key: "_id", Value: string(id)}}).Decode(&d)
}

func (r raw) Save(ctx context.Context, t authority.Token) error {
	_, err := r.tokens.InsertOne(ctx, mongostore.DocumentOf(t))
	return err
}

func (r raw) Revoke(ctx context.Context, id authority.TokenID, v authority.Revocation) error {
	var d mongostore.Document
	filter, update := mongostore.MarkRevoked(id, v)
	return r.tokens.FindOneAndUpdate(ctx, filter, update, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&d)
}

func (r raw) List(ctx context.Context, owner authority.PrincipalID, most int) (int, error) {
	found, err := r.tokens.Find(ctx, bson.D{{Key: "owner_id", Value: string(owner)}},
		options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}, {Key: "_id", Value: 1}}).SetLimit(int64(most+1)))
	if err != nil {
		return 0, err
	}
	var list []mongostore.Document
	err = found.All(ctx, &list)
	return len(list), err
}

func (r raw) SaveAll(ctx context.Context, tokens []authority.Token) (int, error) {
	documents := make([]mongostore.Document, len(tokens))
	for i, t := range tokens {
		documents[i] = mongostore.DocumentOf(t)
	}
	result, err := r.tokens.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	if err != nil {
		return 0, err
	}
	return len(result.InsertedIDs), nil
}
