package sweep

import (
	"errors"
	"os"
)

// ReplaceFile makes a file, or replaces it, in one step: a reader finds the old bytes
// or the new ones, also where the disk was full. It writes to name.tmp first, so a
// file belongs to one process at a time.
func ReplaceFile(name string, data []byte) error {
	temp := name + ".tmp"
	err := os.WriteFile(temp, data, 0o644)
	if err == nil {
		err = os.Rename(temp, name)
	}
	if err == nil {
		return nil
	}
	if undo := os.Remove(temp); undo != nil && !errors.Is(undo, os.ErrNotExist) {
		err = errors.Join(err, undo)
	}
	return err
}
