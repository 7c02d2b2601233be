package rekortest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/trillian/storage"
	trilliantypes "github.com/google/trillian/types"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
)

// Entries returns the canonical body of every integrated entry, in log order,
// read from the store. An entry that waits for the sequencer is not in it. That
// the bodies do not hash to the log's root is an error.
func (l *V1) Entries(ctx context.Context) ([][]byte, error) {
	bodies, err := l.readEntries(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading tree %d: %w", l.tree.TreeId, err)
	}
	return bodies, nil
}

func (l *V1) readEntries(ctx context.Context) ([][]byte, error) {
	tx, err := l.store.SnapshotForTree(ctx, l.tree)
	if err != nil {
		return nil, err
	}
	defer tx.Close()
	signed, err := tx.LatestSignedLogRoot(ctx)
	if err != nil {
		return nil, err
	}
	var root trilliantypes.LogRootV1
	if err := root.UnmarshalBinary(signed.GetLogRoot()); err != nil {
		return nil, err
	}
	bodies, err := leavesOf(ctx, tx, root.TreeSize)
	if err != nil {
		return nil, err
	}
	if err := checkRoot(bodies, root.RootHash); err != nil {
		return nil, err
	}
	return bodies, tx.Commit(ctx)
}

// leavesOf reads the first size leaves. A store may return fewer than asked for.
func leavesOf(ctx context.Context, tx storage.ReadOnlyLogTreeTX, size uint64) ([][]byte, error) {
	const page = 1000
	var bodies [][]byte
	for n := uint64(0); n < size; n = uint64(len(bodies)) {
		leaves, err := tx.GetLeavesByRange(ctx, int64(n), int64(min(page, size-n))) //nolint:gosec // sizes of a test log
		if err != nil {
			return nil, err
		}
		if len(leaves) == 0 {
			return nil, fmt.Errorf("the root says %d leaves, the store ends after %d", size, n)
		}
		for _, leaf := range leaves {
			bodies = append(bodies, bytes.Clone(leaf.GetLeafValue()))
		}
	}
	return bodies, nil
}

// errPeek rolls a transaction back that only wanted to look.
var errPeek = errors.New("looked")

// Pending is how many entries wait for the sequencer: accepted, not integrated,
// not answered yet.
func (l *V1) Pending(ctx context.Context) (int, error) {
	const all = 1 << 16 // a store reserves room for as many
	var n int
	err := l.store.ReadWriteTransaction(ctx, l.tree, func(ctx context.Context, tx storage.LogTreeTX) error {
		leaves, err := tx.DequeueLeaves(ctx, all, time.Now())
		if err != nil {
			return err
		}
		n = len(leaves)
		return errPeek
	})
	if !errors.Is(err, errPeek) {
		return 0, fmt.Errorf("counting what waits in tree %d: %w", l.tree.TreeId, err)
	}
	return n, nil
}

// checkRoot says whether the bodies are the leaves of a tree with that root
// (RFC 6962).
func checkRoot(bodies [][]byte, want []byte) error {
	factory := compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	tree := factory.NewEmptyRange(0)
	for _, body := range bodies {
		if err := tree.Append(rfc6962.DefaultHasher.HashLeaf(body), nil); err != nil {
			return err
		}
	}
	got := rfc6962.DefaultHasher.EmptyRoot()
	if len(bodies) > 0 {
		var err error
		if got, err = tree.GetRootHash(nil); err != nil {
			return err
		}
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("%d entries hash to root %x, the log says %x", len(bodies), got, want)
	}
	return nil
}

// Entries returns the canonical body of every entry under the current
// checkpoint, in log order, read from the files the server wrote. An entry that
// waits for its checkpoint is not in it. That the bodies do not hash to the
// checkpoint's root is an error; the checkpoint's signature is not checked.
func (l *V2) Entries(ctx context.Context) ([][]byte, error) {
	bodies, err := readTiles(ctx, l.files)
	if err != nil {
		return nil, fmt.Errorf("reading the log in %s: %w", l.files.Name(), err)
	}
	return bodies, nil
}

// bundleWidth is how many entries a full entry bundle holds (c2sp.org/tlog-tiles).
const bundleWidth = 256

func readTiles(ctx context.Context, files *os.Root) ([][]byte, error) {
	text, err := files.ReadFile("checkpoint")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // nothing was ever published
	}
	if err != nil {
		return nil, err
	}
	size, root, err := parseCheckpoint(text)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for n := uint64(0); uint64(len(bodies)) < size; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		bundle, err := readBundle(files, n, min(bundleWidth, size-uint64(len(bodies))))
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, bundle...)
	}
	return bodies, checkRoot(bodies, root)
}

// readBundle reads the first width entries of bundle n. When the log has grown,
// the partial bundle may have made way for a wider one.
func readBundle(files *os.Root, n, width uint64) ([][]byte, error) {
	name := bundlePath(n, width)
	data, err := files.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && width < bundleWidth {
		name = bundlePath(n, bundleWidth)
		data, err = files.ReadFile(name)
	}
	if err != nil {
		return nil, err
	}
	entries, err := parseBundle(data)
	if err != nil {
		return nil, fmt.Errorf("entry bundle %s: %w", name, err)
	}
	if uint64(len(entries)) < width {
		return nil, fmt.Errorf("entry bundle %s: %d entries, the checkpoint says %d", name, len(entries), width)
	}
	return entries[:width], nil
}

// bundlePath is the path of entry bundle n: groups of three digits, all but the
// last with an x before them, and the width if it is partial.
func bundlePath(n, width uint64) string {
	groups := []string{fmt.Sprintf("%03d", n%1000)}
	for n /= 1000; n > 0; n /= 1000 {
		groups = append(groups, fmt.Sprintf("x%03d", n%1000))
	}
	slices.Reverse(groups)
	path := "tile/entries/" + strings.Join(groups, "/")
	if width < bundleWidth {
		path += ".p/" + strconv.FormatUint(width, 10)
	}
	return path
}

// parseBundle splits an entry bundle: each entry follows its length in two bytes,
// big-endian.
func parseBundle(data []byte) ([][]byte, error) {
	var entries [][]byte
	for at := 0; at < len(data); {
		rest := data[at:]
		if len(rest) < 2 {
			return nil, fmt.Errorf("offset %d: %d byte left, want a length of two", at, len(rest))
		}
		n := int(binary.BigEndian.Uint16(rest))
		if len(rest)-2 < n {
			return nil, fmt.Errorf("offset %d: an entry of %d bytes, %d left", at, n, len(rest)-2)
		}
		if len(entries) == bundleWidth {
			return nil, fmt.Errorf("offset %d: more than %d entries", at, bundleWidth)
		}
		entries = append(entries, rest[2:2+n])
		at += 2 + n
	}
	return entries, nil
}

// parseCheckpoint reads tree size and root hash of a checkpoint: the origin, the
// size in decimal, the root in base64, a line each (c2sp.org/tlog-checkpoint).
func parseCheckpoint(text []byte) (size uint64, root []byte, err error) {
	lines := strings.SplitN(string(text), "\n", 4)
	if len(lines) < 4 {
		return 0, nil, fmt.Errorf("a checkpoint of %d lines, want origin, size, root and signatures", len(lines))
	}
	size, err = strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return 0, nil, fmt.Errorf("checkpoint line 2: %q is not a tree size", lines[1])
	}
	root, err = base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != rfc6962.DefaultHasher.Size() || strings.ContainsRune(lines[2], '\r') {
		return 0, nil, fmt.Errorf("checkpoint line 3: %q is not a SHA-256 root hash", lines[2])
	}
	return size, root, nil
}
