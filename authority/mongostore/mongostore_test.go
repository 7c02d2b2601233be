package mongostore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/stella-ops/stella/authority"
	"github.com/stella-ops/stella/authority/enginetest"
	"github.com/stella-ops/stella/authority/mongostore"
	"github.com/stella-ops/stella/authority/storetest"
)

// engine is one server for the tests of the package; each test has a database of its own.
var engine *enginetest.Mongo

func TestMain(m *testing.M) {
	if dir := os.Getenv(serverEnv); dir != "" {
		if err := serveMongo(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	var err error
	if engine, err = enginetest.StartMongo(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(storetest.Main(m, engine.Close))
}

func TestContract(t *testing.T) { storetest.Run(t, engine.Open) }

func TestIndexes(t *testing.T) {
	s := engine.OpenDatabase(t, engine.NewDatabase())
	differences, err := s.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, differences, 2)
	require.Contains(t, differences[0], "ix_tokens_owner_id is missing")
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { errs[i] = s.Up(t.Context()) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	differences, err = s.Check(t.Context())
	require.NoError(t, err)
	require.Empty(t, differences)
}

// A connection string that promises less than the contract is refused before anything is
// asked, and no error shows its password.
func TestWeakSettings(t *testing.T) {
	for query, want := range map[string]string{
		"w=1": "w=1", "w=0": "w=0", "journal=false": "journal=false", "readPreference=secondaryPreferred": "readPreference",
		"readConcernLevel=local": "readConcernLevel=local", "w=tagged": "w=tagged",
	} {
		_, err := mongostore.Open(t.Context(), "mongodb://u:hunter2@127.0.0.1:1/?"+query, "db")
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hunter2")
	}
	for _, uri := range []string{"mongodb://u:hunter2@127.0.0.1:1/?serverSelectionTimeoutMS=200", "mongodb://u:hunter2@/x", "http://u:hunter2@h"} {
		_, err := mongostore.Open(t.Context(), uri, "db")
		require.ErrorContains(t, err, "MongoDB")
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// A document that the domain would not have written is the store's fault, never the
// caller's; and a revocation that was written is not called undone because of it.
func TestDamagedDocument(t *testing.T) {
	database := engine.NewDatabase()
	s := engine.OpenDatabase(t, database)
	m := storetest.NewMaker(1)
	token, err := s.Save(t.Context(), m.Plain(), authority.Absent())
	require.NoError(t, err)
	client, err := mongo.Connect(options.Client().ApplyURI(engine.URI))
	require.NoError(t, err)
	t.Cleanup(func() { _ = client.Disconnect(context.Background()) })
	tokens := client.Database(database).Collection(mongostore.Collection)
	_, err = tokens.UpdateByID(t.Context(), string(token.ID), bson.D{{Key: "$set", Value: bson.D{{Key: "payload", Value: "[1]"}}}})
	require.NoError(t, err)
	_, err = s.GetByID(t.Context(), token.ID)
	require.ErrorIs(t, err, authority.ErrUnavailable)
	require.NotErrorIs(t, err, authority.ErrInvalid)
	_, err = s.Revoke(t.Context(), token.ID, m.Revocation())
	require.ErrorIs(t, err, authority.ErrUnknownOutcome, "it was written")
	require.NotErrorIs(t, err, authority.ErrUnavailable)
}
