package sbom

import "io"

// A window is the part of an input that is in memory. What is ahead is read and consumed
// by its users as a slice: a call for each byte would be a third of the cost of JSON.
type window struct {
	in    io.Reader
	room  []byte
	ahead []byte // the end of what was read into room
	read  int64  // bytes read from in
	err   error  // of in
}

// offset is how many bytes were consumed.
func (w *window) offset() int64 { return w.read - int64(len(w.ahead)) }

// fill sees to it that n bytes are ahead, n being small; with an error there are fewer.
func (w *window) fill(n int) error {
	if len(w.ahead) >= n {
		return nil
	}
	have := copy(w.room, w.ahead)
	for idle := 0; have < n && w.err == nil; {
		var got int
		got, w.err = w.in.Read(w.room[have:])
		have += got
		w.read += int64(got)
		if idle++; got > 0 {
			idle = 0
		} else if idle == 100 && w.err == nil {
			w.err = io.ErrNoProgress
		}
	}
	w.ahead = w.room[:have]
	if have < n {
		return w.err
	}
	return nil
}
