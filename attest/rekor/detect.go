package rekor

import (
	"context"
	"fmt"
)

// Info is what a log says of itself.
type Info struct {
	Kind     string // "v1" or "v2"
	Origin   string // first line of its checkpoints
	TreeSize uint64 // entries so far
}

// Server is a log that can be asked who it is: a *[V1] or a *[V2].
type Server interface {
	Log
	Info(ctx context.Context) (Info, error)
	// CloseIdle closes the connections that no request is using.
	CloseIdle()
}

// Detect finds out whether the log at c.URL is a Rekor v1 or v2 and returns its
// client. A server that is neither is an error that says what each question got.
func Detect(ctx context.Context, c Config) (Server, Info, error) {
	v1, err := NewV1(c)
	if err != nil {
		return nil, Info{}, err
	}
	info, v1Err := v1.Info(ctx)
	if v1Err == nil {
		return v1, info, nil
	}
	v2, err := NewV2(c)
	if err != nil {
		return nil, Info{}, err
	}
	info, v2Err := v2.Info(ctx)
	if v2Err == nil {
		return v2, info, nil
	}
	return nil, Info{}, fmt.Errorf("no Rekor log answers at %s; asked as v1: %w; asked as v2: %w", c.URL, v1Err, v2Err)
}
