package server_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/server"
	"github.com/stella-ops/stella/authority/storetest"
)

// open is a store on an engine, and everything that its database holds, as text.
type open struct {
	backend storetest.Backend
	dump    func(context.Context) string
}

func openPostgres(t *testing.T) open {
	engine, err := enginetest.StartPostgres(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	dsn := engine.NewDatabase(t)
	s := engine.OpenDSN(t, dsn)
	_, err = s.Up(t.Context())
	require.NoError(t, err)
	restart := func(t storetest.T) authority.TokenStore {
		s.Close()
		again(t, engine.Server)
		return engine.OpenDSN(t, dsn)
	}
	return open{storetest.Backend{Store: s, Restart: restart}, func(ctx context.Context) string {
		conn, err := pgx.Connect(ctx, dsn)
		require.NoError(t, err)
		defer conn.Close(ctx)
		var rows string
		require.NoError(t, conn.QueryRow(ctx, "SELECT string_agg(t::text, E'\n') FROM authority.tokens t").Scan(&rows))
		return rows
	}}
}

func openMongo(t *testing.T) open {
	engine, err := enginetest.StartMongo()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	database := engine.NewDatabase()
	s := engine.OpenDatabase(t, database)
	require.NoError(t, s.Up(t.Context()))
	restart := func(t storetest.T) authority.TokenStore {
		require.NoError(t, s.Close(t.Context()))
		again(t, engine.Server)
		return engine.OpenDatabase(t, database)
	}
	return open{storetest.Backend{Store: s, Restart: restart}, func(ctx context.Context) string {
		client, err := mongo.Connect(options.Client().ApplyURI(engine.URI))
		require.NoError(t, err)
		defer func() { _ = client.Disconnect(ctx) }()
		found, err := client.Database(database).Collection("tokens").Find(ctx, bson.D{})
		require.NoError(t, err)
		var rows []bson.Raw
		require.NoError(t, found.All(ctx, &rows))
		return fmt.Sprint(rows)
	}}
}

// again starts a server anew that is ours.
func again(t storetest.T, s enginetest.Server) {
	if s != nil {
		require.NoError(t, s.Kill())
		require.NoError(t, s.Run(t.Context()))
	}
}

// source is randomness that is the same every time.
type source struct{ *rand.ChaCha8 }

// The same script gives the same bytes on both stores, and leaves a secret in neither,
// nor in a log.
func TestSameBytesOnBothStores(t *testing.T) {
	var transcripts []string
	for _, o := range []open{openPostgres(t), openMongo(t)} {
		transcript, secrets, log := script(t, o.backend)
		for _, held := range []string{log, o.dump(t.Context())} {
			require.NotEmpty(t, held)
			for _, secret := range secrets {
				body := strings.TrimPrefix(secret, "stella_")
				require.NotContains(t, held, body)
				require.NotContains(t, held, body[:30])
			}
		}
		transcripts = append(transcripts, transcript)
	}
	require.Equal(t, transcripts[0], transcripts[1])
	require.Equal(t, 2, strings.Count(transcripts[0], `{"active":false}`), "introspected after the revocation, and after the restart")
}

// script issues, shows, lists by pages, introspects, revokes and introspects again, on
// both sides of a restart, and returns every answer.
func script(t *testing.T, b storetest.Backend) (transcript string, secrets []string, log string) {
	random := source{rand.NewChaCha8([32]byte{1})}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	words := new(bytes.Buffer)
	start := func(store authority.TokenStore) *service {
		return &service{store: store, now: now, log: words, handler: server.New(server.Config{
			Store: store, Random: random, Now: func() time.Time { return now },
			Log: slog.New(slog.NewJSONHandler(words, &slog.HandlerOptions{Level: slog.LevelDebug})),
		})}
	}
	s := start(b.Store)
	admin, err := authority.NewSecret(random)
	require.NoError(t, err)
	_, err = s.store.Save(t.Context(), authority.Token{
		ID: admin.ID(), Owner: root, Kind: server.KindAdmin, Secret: admin.Hash(), CreatedBy: root,
		CreatedAt: now, IssuedAt: now, UpdatedAt: now, ExpiresAt: now.Add(time.Hour),
	}, authority.Absent())
	require.NoError(t, err)
	secrets = append(secrets, admin.Reveal())
	say := func(method, path, body string) string {
		w := s.do(t, method, path, admin.Reveal(), body)
		answer := fmt.Sprintf("%s %s\n%d %v\n%s\n", method, path, w.Code, w.Header(), w.Body)
		transcript += answer
		return w.Body.String()
	}
	for i := range 5 {
		now = now.Add(time.Millisecond)
		made := say("POST", "/v1/tokens", issueBody(alice, fmt.Sprintf("licence.%d", i%2)))
		_, secret, ok := strings.Cut(made, `"secret":"`)
		require.True(t, ok, made)
		secrets = append(secrets, secret[:43])
	}
	first, err := authority.ParseSecret(secrets[1])
	require.NoError(t, err)
	say("GET", "/v1/tokens/"+string(first.ID()), "")
	for page := ""; ; {
		list := say("GET", "/v1/tokens?size=2&owner_id="+string(alice)+"&page="+page, "")
		_, next, more := strings.Cut(list, `"next_page":"`)
		if !more {
			break
		}
		page, _, _ = strings.Cut(next, `"`)
	}
	say("POST", "/v1/introspect", form(secrets[1]))
	say("POST", "/v1/tokens/"+string(first.ID())+"/revoke", `{"reason":"lost \u00e9 \ud83d\ude00"}`)
	say("POST", "/v1/introspect", form(secrets[1]))
	s = start(b.Restart(t))
	say("POST", "/v1/introspect", form(secrets[1]))
	say("POST", "/v1/introspect", form(secrets[2]))
	say("GET", "/v1/tokens/"+string(first.ID()), "")
	return transcript, secrets, words.String()
}
