package rpm

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The format of rpmpkg.c: a header of two slots' size, pages of slots, and blobs at
// multiples of 16 bytes. Numbers are little-endian.
const (
	ndbMagic     = "RpmP"
	ndbSlotMagic = "Slot"
	ndbBlobMagic = "BlbS"
	ndbSlot      = 16
	ndbPageSlots = 4096 / ndbSlot
	ndbMaxPages  = 4096 // of slots: a million packages
)

func readNDB(db *io.SectionReader, each func([]byte) error) error {
	head, err := readAt(db, 0, 2*ndbSlot)
	if err != nil {
		return err
	}
	le := binary.LittleEndian
	if version := le.Uint32(head[4:]); version != 0 {
		return fmt.Errorf("it is ndb of version %d; 0 is read", version)
	}
	pages := le.Uint32(head[12:])
	if pages == 0 || pages > ndbMaxPages {
		return fmt.Errorf("its ndb header names %d pages of slots", pages)
	}
	slots, err := readAt(db, 2*ndbSlot, int(pages)*ndbPageSlots*ndbSlot-2*ndbSlot)
	if err != nil {
		return err
	}
	for ; len(slots) > 0; slots = slots[ndbSlot:] {
		if string(slots[:4]) != ndbSlotMagic {
			return fmt.Errorf("slot %d of ndb is damaged", (int(pages)*ndbPageSlots*ndbSlot-len(slots))/ndbSlot)
		}
		pkg, block := le.Uint32(slots[4:]), le.Uint32(slots[8:])
		if pkg == 0 {
			continue // free
		}
		blob, err := ndbBlob(db, pkg, int64(block)*ndbSlot)
		if err != nil {
			return fmt.Errorf("package %d of ndb: %w", pkg, err)
		}
		if err := each(blob); err != nil {
			return err
		}
	}
	return nil
}

func ndbBlob(db *io.SectionReader, pkg uint32, offset int64) ([]byte, error) {
	head, err := readAt(db, offset, 16)
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	if string(head[:4]) != ndbBlobMagic || le.Uint32(head[4:]) != pkg {
		return nil, fmt.Errorf("at %d is no header of it", offset)
	}
	size := le.Uint32(head[12:])
	if size > MaxHeader {
		return nil, fmt.Errorf("its header has %d bytes, more than %d", size, MaxHeader)
	}
	return readAt(db, offset+16, int(size))
}
