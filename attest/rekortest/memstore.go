package rekortest

import (
	"context"
	"sync"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// oneTree is a store that shows the sequencer a single tree. A database may hold
// the trees of earlier runs, and sequencing those would be measured as ours.
type oneTree struct {
	storage.LogStorage
	id int64
}

func (s oneTree) GetActiveLogIDs(context.Context) ([]int64, error) {
	return []int64{s.id}, nil
}

// dedupStore makes Trillian's storage/memory behave as its SQL stores do. As it
// ships, that store
//   - queues a leaf that it already holds (Rekor would answer 201 to a
//     duplicate, and the log would hold it twice),
//   - keeps the caller's leaf, which the sequencer later writes to while gRPC
//     encodes it for the reply, and
//   - clones its tree in every snapshot and stores that clone at the commit of a
//     mere read, both of them writes under a read lock.
type dedupStore struct {
	storage.LogStorage

	mu   sync.Mutex // held over a whole QueueLeaves: look-up and insertion are one step
	seen map[leafKey]*trillian.LogLeaf

	snapMu sync.Mutex // held while a snapshot is made, never while one is open
}

type leafKey struct {
	tree     int64
	identity string // LeafIdentityHash
}

func newDedupStore(s storage.LogStorage) *dedupStore {
	return &dedupStore{LogStorage: s, seen: make(map[leafKey]*trillian.LogLeaf)}
}

// QueueLeaves queues the leaves whose LeafIdentityHash is new and answers
// AlreadyExists, with the first leaf, for the others.
func (s *dedupStore) QueueLeaves(ctx context.Context, tree *trillian.Tree, leaves []*trillian.LogLeaf, at time.Time) ([]*trillian.QueuedLogLeaf, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answers := make([]*trillian.QueuedLogLeaf, len(leaves))
	added := make(map[leafKey]*trillian.LogLeaf)
	var fresh []*trillian.LogLeaf
	for i, leaf := range leaves {
		key := leafKey{tree.GetTreeId(), string(leaf.GetLeafIdentityHash())}
		first, known := s.seen[key]
		if !known {
			first, known = added[key]
		}
		if known {
			answers[i] = &trillian.QueuedLogLeaf{
				Leaf:   cloneLeaf(first),
				Status: status.New(codes.AlreadyExists, "the leaf is already in the log").Proto(),
			}
			continue
		}
		added[key] = cloneLeaf(leaf)
		fresh = append(fresh, cloneLeaf(leaf))
		answers[i] = &trillian.QueuedLogLeaf{Leaf: leaf}
	}
	if len(fresh) == 0 {
		return answers, nil
	}
	if _, err := s.LogStorage.QueueLeaves(ctx, tree, fresh, at); err != nil {
		return nil, err
	}
	for key, leaf := range added {
		s.seen[key] = leaf
	}
	return answers, nil
}

func cloneLeaf(leaf *trillian.LogLeaf) *trillian.LogLeaf {
	return proto.Clone(leaf).(*trillian.LogLeaf)
}

// SnapshotForTree makes one snapshot at a time. The lock is not held while the
// snapshot is open: a writer waits for open snapshots, a new snapshot waits for
// the writer, so an open one must be able to end without this lock.
func (s *dedupStore) SnapshotForTree(ctx context.Context, tree *trillian.Tree) (storage.ReadOnlyLogTreeTX, error) {
	s.snapMu.Lock()
	defer s.snapMu.Unlock()
	tx, err := s.LogStorage.SnapshotForTree(ctx, tree)
	if err != nil {
		return nil, err
	}
	return readTX{tx}, nil
}

// readTX is a snapshot whose commit writes nothing.
type readTX struct {
	storage.ReadOnlyLogTreeTX
}

func (t readTX) Commit(context.Context) error { return t.Close() }
