package mongostore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"

	"github.com/stella-ops/stella/authority"
)

// Collection is the name of the collection of tokens.
const Collection = "tokens"

// Store keeps tokens in MongoDB. It may be used by several goroutines.
type Store struct {
	client *mongo.Client
	tokens *mongo.Collection
}

var (
	_ authority.TokenStore = (*Store)(nil)
	_ authority.BulkSaver  = (*Store)(nil)
)

// Open connects to a database of the server that a connection string names. It asks the
// server once, so that an unreachable one is an error here; the indexes are the matter of
// [Store.Up] and [Store.Check].
func Open(ctx context.Context, uri, database string) (*Store, error) {
	opts, err := clientOptions(uri)
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(opts)
	if err != nil {
		return nil, fmt.Errorf("connecting to MongoDB: %w", err)
	}
	if err := client.Ping(ctx, readpref.Primary()); err != nil {
		_ = client.Disconnect(context.WithoutCancel(ctx)) // the ping's error says more
		return nil, fmt.Errorf("connecting to MongoDB at %v: %w", opts.Hosts, unavailable(err))
	}
	return &Store{client, client.Database(database).Collection(Collection)}, nil
}

// Close closes the client's connections.
func (s *Store) Close(ctx context.Context) error { return s.client.Disconnect(ctx) }

// Version is the server's, such as "MongoDB 8.0.4" or "FerretDB v1.24.2".
func (s *Store) Version(ctx context.Context) (string, error) {
	var info struct {
		Version  string `bson:"version"`
		FerretV1 string `bson:"ferretdbVersion"`
		FerretV2 struct {
			Version string `bson:"version"`
		} `bson:"ferretdb"`
	}
	if err := s.tokens.Database().RunCommand(ctx, bson.D{{Key: "buildInfo", Value: 1}}).Decode(&info); err != nil {
		return "", unavailable(err)
	}
	switch {
	case info.FerretV1 != "":
		return "FerretDB " + info.FerretV1, nil
	case info.FerretV2.Version != "":
		return "FerretDB " + info.FerretV2.Version, nil
	}
	return "MongoDB " + info.Version, nil
}

// GetByID implements [authority.TokenStore].
func (s *Store) GetByID(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	if err := authority.PrepareGet(ctx, id); err != nil {
		return authority.Token{}, err
	}
	return s.get(ctx, id)
}

func (s *Store) get(ctx context.Context, id authority.TokenID) (authority.Token, error) {
	var d document
	err := s.tokens.FindOne(ctx, bson.D{{Key: "_id", Value: string(id)}}).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return authority.Token{}, authority.ErrNotFound
	}
	if err != nil {
		return authority.Token{}, unavailable(err)
	}
	t, err := d.token()
	if err != nil {
		return authority.Token{}, unavailable(err)
	}
	return t, nil
}

// GetByOwner implements [authority.TokenStore].
func (s *Store) GetByOwner(ctx context.Context, owner authority.PrincipalID, page authority.Page) ([]authority.Token, authority.Cursor, error) {
	page, err := authority.PrepareList(ctx, owner, page)
	if err != nil {
		return nil, authority.Cursor{}, err
	}
	// One more than asked for tells whether a page follows.
	found, err := s.tokens.Find(ctx, ownedAfter(owner, page.After),
		options.Find().SetSort(bson.D{{Key: "created_at", Value: 1}, {Key: "_id", Value: 1}}).SetLimit(int64(page.Size)+1))
	if err != nil {
		return nil, authority.Cursor{}, unavailable(err)
	}
	defer found.Close(ctx)
	list, next, err := authority.CollectPage(page, read(ctx, found))
	if err != nil {
		return nil, authority.Cursor{}, unavailable(err)
	}
	return list, next, nil
}

// read reads the tokens behind a cursor.
func read(ctx context.Context, found *mongo.Cursor) iter.Seq2[authority.Token, error] {
	return func(yield func(authority.Token, error) bool) {
		for found.Next(ctx) {
			if t, err := decode(found); !yield(t, err) {
				return
			}
		}
		if err := found.Err(); err != nil {
			yield(authority.Token{}, err)
		}
	}
}

func decode(found *mongo.Cursor) (authority.Token, error) {
	var d document
	if err := found.Decode(&d); err != nil {
		return authority.Token{}, err
	}
	return d.token()
}

func ownedAfter(owner authority.PrincipalID, after authority.Cursor) bson.D {
	filter := bson.D{{Key: "owner_id", Value: string(owner)}}
	if after.IsZero() {
		return filter
	}
	at := bson.NewDateTimeFromTime(after.CreatedAt)
	return append(filter, bson.E{Key: "$or", Value: bson.A{
		bson.D{{Key: "created_at", Value: bson.D{{Key: "$gt", Value: at}}}},
		bson.D{{Key: "created_at", Value: at}, {Key: "_id", Value: bson.D{{Key: "$gt", Value: string(after.ID)}}}},
	}})
}

// notRevoked is the condition of every write on a token that is there.
var notRevoked = bson.E{Key: "revoked", Value: bson.D{{Key: "$exists", Value: false}}}

// Save implements [authority.TokenStore].
func (s *Store) Save(ctx context.Context, t authority.Token, expect authority.Expect) (authority.Token, error) {
	t, err := authority.PrepareSave(ctx, t, expect)
	if err != nil {
		return authority.Token{}, err
	}
	if expect == authority.Absent() {
		t.Version = 1
		switch _, err := s.tokens.InsertOne(ctx, documentOf(t)); {
		case mongo.IsDuplicateKeyError(err):
			return authority.Token{}, authority.ErrExists
		case err != nil:
			return authority.Token{}, writeError(err)
		}
		return t, nil
	}
	t.Version = expect.Version() + 1
	result, err := s.tokens.UpdateOne(ctx, sameIdentity(t, expect), changes(t))
	switch {
	case err != nil:
		return authority.Token{}, writeError(err)
	case result.MatchedCount == 0:
		return authority.Token{}, s.refused(ctx, t, expect)
	}
	return t, nil
}

// SaveAll implements [authority.BulkSaver].
func (s *Store) SaveAll(ctx context.Context, tokens []authority.Token) ([]error, error) {
	return authority.SaveInBatches(ctx, tokens, s.insert)
}

// insert is one command, unordered: what is there holds no other back. Callers who save
// the same tokens come to them in the order of the ids: a server that locks one after the
// other would find two of them waiting for each other.
func (s *Store) insert(ctx context.Context, batch []authority.Token) (there []int, err error) {
	order := make([]int, len(batch))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(batch[a].ID, batch[b].ID) })
	documents := make([]document, len(batch))
	for i, at := range order {
		documents[i] = documentOf(batch[at])
	}
	_, err = s.tokens.InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	if err == nil {
		return nil, nil
	}
	refused, ok := errors.AsType[mongo.BulkWriteException](err)
	if !ok || refused.WriteConcernError != nil || refused.HasErrorLabel("RetryableWriteError") {
		return nil, writeError(err)
	}
	for _, e := range refused.WriteErrors {
		if !mongo.IsDuplicateKeyError(e) {
			return nil, writeError(err) // of unknown outcome: others may be saved
		}
		there = append(there, order[e.Index])
	}
	return there, nil
}

// refused says why an update changed nothing. Had the token been saved for the first
// time only after the update, it was not there then.
func (s *Store) refused(ctx context.Context, t authority.Token, expect authority.Expect) error {
	now, err := s.get(ctx, t.ID)
	switch {
	case err != nil:
		return err
	case now.Version == expect.Version() && now.Revoked == nil && now.SameIdentity(t):
		return authority.ErrNotFound
	}
	return authority.ErrConflict
}

// Revoke implements [authority.TokenStore].
func (s *Store) Revoke(ctx context.Context, id authority.TokenID, r authority.Revocation) (authority.Outcome, error) {
	r, err := authority.PrepareRevoke(ctx, id, r)
	if err != nil {
		return authority.Outcome{}, err
	}
	var d document
	filter, update := markRevoked(id, r)
	err = s.tokens.FindOneAndUpdate(ctx, filter, update, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&d)
	if err == nil {
		t, err := d.token()
		if err != nil {
			return authority.Outcome{}, writeError(err) // it is written all the same
		}
		return authority.OutcomeOf(t, r), nil
	}
	if !errors.Is(err, mongo.ErrNoDocuments) {
		return authority.Outcome{}, writeError(err)
	}
	t, err := s.get(ctx, id)
	switch {
	case err != nil:
		return authority.Outcome{}, err
	case t.Revoked == nil: // saved only after the update: it was not there then
		return authority.Outcome{}, authority.ErrNotFound
	}
	return authority.OutcomeOf(t, r), nil
}

// markRevoked are the filter and the update of a revocation.
func markRevoked(id authority.TokenID, r authority.Revocation) (filter, update bson.D) {
	return bson.D{{Key: "_id", Value: string(id)}, notRevoked}, bson.D{
		{Key: "$set", Value: bson.D{{Key: "revoked", Value: revocationOf(r)}, {Key: "updated_at", Value: bson.NewDateTimeFromTime(r.At)}}},
		{Key: "$inc", Value: bson.D{{Key: "version", Value: int64(1)}}},
	}
}
