package mongostore

import (
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"
)

// clientOptions reads a connection string and refuses one that asks for less than the
// contract takes.
func clientOptions(uri string) (*options.ClientOptions, error) {
	opts := options.Client().ApplyURI(uri)
	if err := opts.Validate(); err != nil {
		// The driver's error may quote a part of the string.
		return nil, errors.New("the connection string of MongoDB cannot be read; want mongodb://USER:PASSWORD@HOST:PORT")
	}
	journal := true
	switch w := opts.WriteConcern; {
	case w == nil:
	case w.W != nil && w.W != writeconcern.WCMajority:
		return nil, fmt.Errorf("the connection string of MongoDB sets w=%v: a revocation that a majority has not is lost with one server; leave it out", w.W)
	case w.Journal != nil && !*w.Journal:
		return nil, errors.New("the connection string of MongoDB sets journal=false: a revocation would be lost with the power; leave it out")
	}
	if p := opts.ReadPreference; p != nil && p.Mode() != readpref.PrimaryMode {
		return nil, fmt.Errorf("the connection string of MongoDB sets readPreference=%s: another server may not have the revocation yet; leave it out", p.Mode())
	}
	if c := opts.ReadConcern; c != nil && c.Level != "majority" && c.Level != "linearizable" {
		return nil, fmt.Errorf("the connection string of MongoDB sets readConcernLevel=%s: what it reads may be rolled back; leave it out", c.Level)
	}
	return opts.SetWriteConcern(&writeconcern.WriteConcern{W: writeconcern.WCMajority, Journal: &journal}).
		SetReadConcern(readconcern.Majority()).SetReadPreference(readpref.Primary()).SetAppName("stella-authority"), nil
}
