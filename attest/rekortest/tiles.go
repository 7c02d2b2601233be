package rekortest

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strconv"
)

// tilePath is every path of c2sp.org/tlog-tiles: a level or "entries", the index
// in groups of three digits, perhaps the width of a partial tile. A path that
// does not match is not looked up at all; os.Root guards the rest.
var tilePath = regexp.MustCompile(`^tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/(x[0-9]{3}/){0,6}[0-9]{3}(\.p/[1-9][0-9]{0,2})?$`)

// serveCheckpoint serves the latest checkpoint. It changes, so nobody may keep it.
func (l *V2) serveCheckpoint(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-cache")
	serveLogFile(w, l.files, "checkpoint", "text/plain; charset=utf-8")
}

// serveTile serves a tile or an entry bundle. Those never change.
func (l *V2) serveTile(w http.ResponseWriter, r *http.Request) {
	if !tilePath.MatchString(r.URL.Path) {
		http.Error(w, "not the path of a tile, see c2sp.org/tlog-tiles", http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	serveLogFile(w, l.files, r.URL.Path, "application/octet-stream")
}

func serveLogFile(w http.ResponseWriter, files *os.Root, name, contentType string) {
	data, err := files.ReadFile(name)
	if err != nil {
		w.Header().Set("Cache-Control", "no-store") // it may exist in a moment
		status := http.StatusInternalServerError
		if errors.Is(err, fs.ErrNotExist) {
			status = http.StatusNotFound
		}
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	// The client is gone if this fails; there is nobody to tell.
	_, _ = w.Write(data)
}
