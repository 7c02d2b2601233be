package rpm

import (
	"encoding/binary"
	"fmt"
	"io"
)

const (
	walMagic  = 0x377f0682 // the last bit: checksums are of big-endian words
	walHeader = 32
	walFrame  = 24
)

// readLog finds where in a write-ahead log the pages are that it changes. A frame counts
// if its salts are the log's, its checksum is right, and a frame that ends a transaction
// follows or is it: "The Write-Ahead Log". What comes after is left of older use, or of a
// transaction that did not end.
func readLog(log *io.SectionReader, pageSize int) (map[uint32]int64, error) {
	head, err := readAt(log, 0, walHeader)
	if err != nil {
		return nil, err
	}
	be := binary.BigEndian
	magic := be.Uint32(head)
	if magic&^1 != walMagic || int(be.Uint32(head[8:])) != pageSize {
		return nil, fmt.Errorf("its magic number is %#x and its pages have %d bytes", magic, be.Uint32(head[8:]))
	}
	var order binary.ByteOrder = binary.LittleEndian
	if magic&1 == 1 {
		order = be
	}
	sum := walSum{order: order}
	sum.add(head[:24])
	if !sum.is(head[24:]) {
		return nil, nil // SQLite takes such a log for an empty one
	}
	changed, pending := map[uint32]int64{}, map[uint32]int64{}
	for at := int64(walHeader); at+walFrame+int64(pageSize) <= log.Size(); at += walFrame + int64(pageSize) {
		frame, err := readAt(log, at, walFrame+pageSize)
		if err != nil {
			return nil, err
		}
		sum.add(frame[:8])
		sum.add(frame[walFrame:])
		if string(frame[8:16]) != string(head[16:24]) || !sum.is(frame[16:]) {
			break
		}
		pending[be.Uint32(frame)] = at + walFrame
		if be.Uint32(frame[4:]) != 0 { // a transaction ends
			for page, offset := range pending {
				changed[page] = offset
			}
			clear(pending)
		}
	}
	return changed, nil
}

// walSum is the checksum of a log: "Checksum Algorithm".
type walSum struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

// add takes a multiple of eight bytes.
func (w *walSum) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		w.s0 += w.order.Uint32(b) + w.s1
		w.s1 += w.order.Uint32(b[4:]) + w.s0
	}
}

func (w *walSum) is(b []byte) bool {
	return binary.BigEndian.Uint32(b) == w.s0 && binary.BigEndian.Uint32(b[4:]) == w.s1
}
