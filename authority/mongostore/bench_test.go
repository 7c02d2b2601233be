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

// The benchmarks set the store beside its floor, op=raw: the same commands by the driver
// alone, over a client of its own on the same server, each document decoded. Goals:
// op=store within 1.1 of the time of op=raw, bulk saves within 1.25 (0.8 of the
// throughput).
//
//	make bench

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

// openBoth opens the store and a client of the driver alone, with the same promises, on
// a new collection.
func openBoth(b *testing.B) (*mongostore.Store, *mongo.Collection) {
	uri, database := benchURI(b), engine.NewDatabase()
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
	return s, client.Database(database).Collection(mongostore.Collection)
}

// run measures do on b.N tokens, after prepare has had them.
func run(b *testing.B, op string, m *storetest.Maker, prepare func([]authority.Token), do func(authority.Token) error) {
	b.Run("op="+op, func(b *testing.B) {
		tokens := m.Licences(b.N + 1)
		prepare(tokens)
		require.NoError(b, do(tokens[b.N])) // opens a connection
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			if err := do(tokens[i]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func saveAll(b *testing.B, s *mongostore.Store, tokens []authority.Token) {
	outcomes, err := s.SaveAll(b.Context(), tokens)
	require.NoError(b, err)
	for _, outcome := range outcomes {
		require.NoError(b, outcome)
	}
}

func BenchmarkGet(b *testing.B) {
	// A collection each, of the same size: FerretDB v1 looks through it.
	beside, raw := openBoth(b)
	s, _ := openBoth(b)
	m := storetest.NewMaker(1)
	run(b, "raw", m, func(tokens []authority.Token) { saveAll(b, beside, tokens) }, func(t authority.Token) error {
		var d mongostore.Document
		return raw.FindOne(b.Context(), bson.D{{Key: "_id", Value: string(t.ID)}}).Decode(&d)
	})
	run(b, "store", m, func(tokens []authority.Token) { saveAll(b, s, tokens) }, func(t authority.Token) error {
		_, err := s.GetByID(b.Context(), t.ID)
		return err
	})
}

func BenchmarkSave(b *testing.B) {
	s, raw := openBoth(b)
	m := storetest.NewMaker(2)
	none := func([]authority.Token) {}
	run(b, "raw", m, none, func(t authority.Token) error {
		_, err := raw.InsertOne(b.Context(), mongostore.DocumentOf(t))
		return err
	})
	run(b, "store", m, none, func(t authority.Token) error {
		_, err := s.Save(b.Context(), t, authority.Absent())
		return err
	})
}

func BenchmarkRevoke(b *testing.B) {
	// A collection each, of the same size: FerretDB v1 looks through it.
	beside, raw := openBoth(b)
	s, _ := openBoth(b)
	m := storetest.NewMaker(3)
	r := m.Revocation()
	run(b, "raw", m, func(tokens []authority.Token) { saveAll(b, beside, tokens) }, func(t authority.Token) error {
		var d mongostore.Document
		filter, update := mongostore.MarkRevoked(t.ID, r)
		return raw.FindOneAndUpdate(b.Context(), filter, update, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&d)
	})
	run(b, "store", m, func(tokens []authority.Token) { saveAll(b, s, tokens) }, func(t authority.Token) error {
		_, err := s.Revoke(b.Context(), t.ID, r)
		return err
	})
}

func BenchmarkList(b *testing.B) {
	const size = 100
	s, raw := openBoth(b)
	m := storetest.NewMaker(4)
	tokens := m.Licences(size)
	for i := range tokens {
		tokens[i].Owner = tokens[0].Owner
	}
	saveAll(b, s, tokens)
	owner := tokens[0].Owner
	none := func([]authority.Token) {}
	b.Run(fmt.Sprintf("tokens=%d", size), func(b *testing.B) {
		run(b, "raw", m, none, func(authority.Token) error {
			found, err := raw.Find(b.Context(), bson.D{{Key: "owner_id", Value: string(owner)}},
				options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}, {Key: "_id", Value: 1}}).SetLimit(size+1))
			if err != nil {
				return err
			}
			var list []mongostore.Document
			err = found.All(b.Context(), &list)
			return wantLen(len(list), size, err)
		})
		run(b, "store", m, none, func(authority.Token) error {
			list, _, err := s.GetByOwner(b.Context(), owner, authority.Page{Size: size})
			return wantLen(len(list), size, err)
		})
	})
}

func wantLen(got, want int, err error) error {
	if err == nil && got != want {
		err = fmt.Errorf("%d tokens, want %d", got, want)
	}
	return err
}

func BenchmarkBulkSave(b *testing.B) {
	const size = 1000
	s, raw := openBoth(b)
	m := storetest.NewMaker(5)
	ops := []struct {
		name string
		save func(context.Context, []authority.Token) (int, error)
	}{
		{"raw", func(ctx context.Context, tokens []authority.Token) (int, error) {
			documents := make([]mongostore.Document, len(tokens))
			for i, t := range tokens {
				documents[i] = mongostore.DocumentOf(t)
			}
			result, err := raw.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
			if err != nil {
				return 0, err
			}
			return len(result.InsertedIDs), nil
		}},
		{"store", func(ctx context.Context, tokens []authority.Token) (int, error) {
			outcomes, err := s.SaveAll(ctx, tokens)
			return len(outcomes), err
		}},
	}
	for _, op := range ops {
		b.Run(fmt.Sprintf("tokens=%d/op=%s", size, op.name), func(b *testing.B) {
			tokens := m.Licences((b.N + 1) * size)
			_, err := op.save(b.Context(), tokens[b.N*size:])
			require.NoError(b, err)
			b.ReportAllocs()
			b.ResetTimer()
			for i := range b.N {
				n, err := op.save(b.Context(), tokens[i*size:(i+1)*size])
				if err := wantLen(n, size, err); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "tokens/s")
		})
	}
}
