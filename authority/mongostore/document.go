package mongostore

import (
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/stella-ops/stella/authority"
)

// document is a token as it is stored.
type document struct {
	ID         string         `bson:"_id"`
	Owner      string         `bson:"owner_id"`
	Kind       string         `bson:"kind"`
	Secret     []byte         `bson:"secret_sha256"`
	CreatedBy  string         `bson:"created_by"`
	CreatedAt  bson.DateTime  `bson:"created_at"`
	IssuedAt   bson.DateTime  `bson:"issued_at"`
	ExpiresAt  bson.DateTime  `bson:"expires_at"`
	Payload    string         `bson:"payload"`
	LastUsedAt *bson.DateTime `bson:"last_used_at"` // null: never
	UpdatedAt  bson.DateTime  `bson:"updated_at"`
	Version    int64          `bson:"version"`
	Revoked    *revocation    `bson:"revoked,omitempty"` // absent until the token is revoked
}

type revocation struct {
	At      bson.DateTime `bson:"at"`
	By      string        `bson:"by"`
	Reason  string        `bson:"reason"`
	Attempt string        `bson:"attempt"`
}

func documentOf(t authority.Token) document {
	return document{
		ID: string(t.ID), Owner: string(t.Owner), Kind: t.Kind, Secret: t.Secret[:], CreatedBy: string(t.CreatedBy),
		CreatedAt: bson.NewDateTimeFromTime(t.CreatedAt), IssuedAt: bson.NewDateTimeFromTime(t.IssuedAt),
		ExpiresAt: bson.NewDateTimeFromTime(t.ExpiresAt), Payload: t.Payload.String(), LastUsedAt: lastUsed(t),
		UpdatedAt: bson.NewDateTimeFromTime(t.UpdatedAt), Version: t.Version,
	}
}

func revocationOf(r authority.Revocation) revocation {
	return revocation{At: bson.NewDateTimeFromTime(r.At), By: string(r.By), Reason: r.Reason, Attempt: string(r.Attempt)}
}

func lastUsed(t authority.Token) *bson.DateTime {
	if t.LastUsedAt.IsZero() {
		return nil
	}
	at := bson.NewDateTimeFromTime(t.LastUsedAt)
	return &at
}

// sameIdentity is the filter of an update: what may not change, and what is expected.
func sameIdentity(t authority.Token, expect authority.Expect) bson.D {
	d := documentOf(t)
	return bson.D{
		{Key: "_id", Value: d.ID},
		{Key: "owner_id", Value: d.Owner},
		{Key: "kind", Value: d.Kind},
		{Key: "secret_sha256", Value: d.Secret},
		{Key: "created_by", Value: d.CreatedBy},
		{Key: "created_at", Value: d.CreatedAt},
		{Key: "issued_at", Value: d.IssuedAt},
		{Key: "expires_at", Value: d.ExpiresAt},
		{Key: "version", Value: expect.Version()},
		notRevoked,
	}
}

// changes are what an update writes.
func changes(t authority.Token) bson.D {
	d := documentOf(t)
	return bson.D{{Key: "$set", Value: bson.D{
		{Key: "payload", Value: d.Payload},
		{Key: "last_used_at", Value: d.LastUsedAt},
		{Key: "updated_at", Value: d.UpdatedAt},
		{Key: "version", Value: d.Version},
	}}}
}

// token reads a document. An error says that the store holds none of the domain's.
func (d *document) token() (authority.Token, error) {
	t := authority.Token{
		ID: authority.TokenID(d.ID), Owner: authority.PrincipalID(d.Owner), Kind: d.Kind, CreatedBy: authority.PrincipalID(d.CreatedBy),
		CreatedAt: moment(d.CreatedAt), IssuedAt: moment(d.IssuedAt), ExpiresAt: moment(d.ExpiresAt), UpdatedAt: moment(d.UpdatedAt),
		Version: d.Version,
	}
	if copy(t.Secret[:], d.Secret) != len(t.Secret) {
		return authority.Token{}, fmt.Errorf("token %s: its secret's hash has %d bytes", d.ID, len(d.Secret))
	}
	var err error
	if t.Payload, err = authority.ParsePayload([]byte(d.Payload)); err != nil {
		// Not %w: invalid is what a caller gives.
		return authority.Token{}, fmt.Errorf("token %s: %v", d.ID, err)
	}
	if d.LastUsedAt != nil {
		t.LastUsedAt = moment(*d.LastUsedAt)
	}
	if r := d.Revoked; r != nil {
		t.Revoked = &authority.Revocation{
			At: moment(r.At), By: authority.PrincipalID(r.By), Reason: r.Reason, Attempt: authority.AttemptID(r.Attempt),
		}
	}
	return t, nil
}

func moment(d bson.DateTime) time.Time { return d.Time().UTC() }
