package rekortest

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/google/trillian/storage/memory"
	rekorapi "github.com/sigstore/rekor/pkg/api"
)

// SettingsPath is where a log of this package says how it is run. It is not part
// of Rekor's API: a client that measures asks for it and takes 404 for a
// deployed log.
const SettingsPath = "/.stella/settings"

// Settings is how a log is run: what a measurement of it binds to.
type Settings struct {
	Log                 string `json:"log"`      // "v1" or "v2"
	Server              string `json:"server"`   // software with versions
	Hostname            string `json:"hostname"` // the name in checkpoints
	SequencerIntervalMS int64  `json:"sequencer_interval_ms"`
	BatchSize           int    `json:"batch_size"`
	MaxBodyBytes        int64  `json:"max_body_bytes"` // 0: no limit
	Store               string `json:"store"`          // "memory", "postgres" or "posix"

	// What a limiter in front of the log allows; 0 means there is none.
	LimitPerMinute float64 `json:"limit_per_minute"`
	Burst          int     `json:"burst"`

	CheckpointIntervalMS int64 `json:"checkpoint_interval_ms"` // v2, else 0
	BatchMaxAgeMS        int64 `json:"batch_max_age_ms"`       // v2, else 0

	PublicKey string `json:"public_key"` // PEM
	LogID     string `json:"log_id"`     // hex
}

// Settings is what GET /.stella/settings answers.
func (l *V1) Settings() (Settings, error) {
	store := "memory"
	if l.cfg.Postgres != "" {
		store = "postgres"
	}
	key, err := PublicKeyPEM(l.publicKey)
	return Settings{
		Log: "v1",
		Server: "sigstore/rekor " + linkedVersion(rekorModule, rekorapi.NewAPI) +
			" + trillian " + linkedVersion(trillianModule, memory.NewTreeStorage),
		Hostname:            l.cfg.Hostname,
		SequencerIntervalMS: l.cfg.SequencerInterval.Milliseconds(),
		BatchSize:           l.cfg.BatchSize,
		MaxBodyBytes:        l.cfg.MaxBodyBytes,
		Store:               store,
		PublicKey:           string(key),
		LogID:               hex.EncodeToString(l.LogID()),
	}, err
}

// Settings is what GET /.stella/settings answers.
func (l *V2) Settings() (Settings, error) {
	key, err := PublicKeyPEM(l.key.Public())
	return Settings{
		Log:                  "v2",
		Server:               l.software,
		Hostname:             l.cfg.Hostname,
		BatchSize:            l.cfg.BatchMaxSize,
		MaxBodyBytes:         l.cfg.MaxBodyBytes,
		Store:                "posix",
		CheckpointIntervalMS: l.cfg.CheckpointInterval.Milliseconds(),
		BatchMaxAgeMS:        l.cfg.BatchMaxAge.Milliseconds(),
		PublicKey:            string(key),
		LogID:                hex.EncodeToString(l.logID),
	}, err
}

func settingsHandler(settings func() (Settings, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s, err := settings()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		// The client is gone if this fails; there is nobody to tell.
		_ = json.NewEncoder(w).Encode(s)
	})
}

// The modules whose versions a measurement binds to, and the schema comes from.
const (
	rekorModule    = "github.com/sigstore/rekor"
	trillianModule = "github.com/google/trillian"
)

// linkedVersion is the version of a module in this program. fn is one of its
// functions: test binaries carry no list of modules, but a function's file is
// below "module@version" everywhere (unless it is vendored).
func linkedVersion(module string, fn any) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := versionIn(info, module); v != unknownVersion {
			return v
		}
	}
	file, _ := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).FileLine(0)
	if _, rest, ok := strings.Cut(file, module+"@"); ok {
		version, _, _ := strings.Cut(rest, "/")
		return version
	}
	return unknownVersion
}

const unknownVersion = "unknown"

func versionIn(info *debug.BuildInfo, path string) string {
	if info.Main.Path == path {
		return info.Main.Version
	}
	for _, dep := range info.Deps {
		if dep.Path != path {
			continue
		}
		if dep.Replace != nil {
			return dep.Replace.Version
		}
		return dep.Version
	}
	return unknownVersion
}
