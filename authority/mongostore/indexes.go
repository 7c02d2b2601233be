package mongostore

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// indexes are what the queries need, by name.
var indexes = []struct {
	name string
	keys bson.D
}{
	{"ix_tokens_owner_id", bson.D{{Key: "owner_id", Value: int32(1)}, {Key: "created_at", Value: int32(1)}, {Key: "_id", Value: int32(1)}}},
	{"ix_tokens_kind", bson.D{{Key: "kind", Value: int32(1)}}},
}

// Up makes the indexes that are not there. Many instances may call it at once.
func (s *Store) Up(ctx context.Context) error {
	for _, index := range indexes {
		_, err := s.tokens.Indexes().CreateOne(ctx, mongo.IndexModel{Keys: index.keys, Options: options.Index().SetName(index.name)})
		if err != nil {
			return fmt.Errorf("making the index %s: %w", index.name, err)
		}
	}
	return nil
}

// Check compares the live indexes with those that [Store.Up] makes and says what differs,
// a sentence for each; none where nothing does.
func (s *Store) Check(ctx context.Context) ([]string, error) {
	found, err := s.tokens.Indexes().List(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	var live []struct {
		Name   string `bson:"name"`
		Keys   bson.D `bson:"key"`
		Unique bool   `bson:"unique"`
	}
	if err := found.All(ctx, &live); err != nil {
		return nil, unavailable(err)
	}
	definitions := make(map[string]string)
	for _, index := range live {
		definitions[index.Name] = define(index.Keys, index.Unique)
	}
	var differences []string
	for _, index := range indexes {
		switch got, want := definitions[index.name], define(index.keys, false); {
		case got == "":
			differences = append(differences, fmt.Sprintf("index %s is missing, want %s: run stella-authority migrate up", index.name, want))
		case got != want:
			differences = append(differences, fmt.Sprintf("index %s is %s, want %s", index.name, got, want))
		}
	}
	return differences, nil
}

func define(keys bson.D, unique bool) string {
	text := ""
	for _, k := range keys {
		text += fmt.Sprintf(" %s:%v", k.Key, k.Value)
	}
	if unique {
		text += " unique"
	}
	return "(" + text[min(1, len(text)):] + ")"
}

// Down drops the collection with its tokens and indexes.
func (s *Store) Down(ctx context.Context) error {
	if err := s.tokens.Drop(ctx); err != nil {
		return fmt.Errorf("dropping the collection %s: %w", Collection, err)
	}
	return nil
}
