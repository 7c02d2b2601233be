package sweep

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/stella-ops/stella/attest"
	"github.com/stella-ops/stella/attest/rekor"
)

// settingsPath is where a log started by stella-rekor says how it is run.
const settingsPath = "/.stella/settings"

// Settings is what a log's operator says of it, as far as the log tells.
type Settings struct {
	Server             string            // software with versions, empty where unknown
	PublicKey          string            // PEM, empty where unknown
	CheckpointInterval time.Duration     // 0 where unknown
	Rest               map[string]string // the other settings
}

// ReadSettings asks the log how it is run. Only logs started by stella-rekor say
// so: from another one the answer is a zero Settings and no error.
func ReadSettings(ctx context.Context, client *http.Client, logURL string) (Settings, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(logURL, "/")+settingsPath, nil)
	if err != nil {
		return Settings{}, fmt.Errorf("asking the log for its settings: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return Settings{}, fmt.Errorf("asking the log for its settings: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return Settings{}, nil
	}
	var members map[string]any
	dec := json.NewDecoder(io.LimitReader(resp.Body, 64<<10))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		return Settings{}, nil // a server that answers anything with a page
	}
	return parseSettings(members), nil
}

// parseSettings takes out what the sweep uses. Key and log id are no settings: they
// are made anew for every log in memory.
func parseSettings(members map[string]any) Settings {
	s := Settings{Rest: make(map[string]string)}
	for name, value := range members {
		text := fmt.Sprint(value)
		switch name {
		case "server":
			s.Server = text
		case "public_key":
			s.PublicKey = text
		case "log", "log_id":
		default:
			s.Rest[name] = text
		}
	}
	// A v1 log gives a checkpoint with each pass of the sequencer.
	for _, name := range []string{"sequencer_interval_ms", "checkpoint_interval_ms"} {
		n, ok := members[name].(json.Number)
		if !ok {
			continue
		}
		if ms, err := n.Int64(); err == nil && ms > 0 {
			s.CheckpointInterval = time.Duration(ms) * time.Millisecond
		}
	}
	return s
}

// Where the checkpoint interval of a [LogInfo] comes from.
const (
	intervalSource   = "checkpoint_interval_source"
	intervalTold     = "the log's settings"
	intervalAssumed  = "assumed: Trillian's default"
	intervalMeasured = "measured: an entry submitted right behind a checkpoint"
)

// v1Interval is Trillian's default: a pass of the sequencer every 100 ms.
const v1Interval = 100 * time.Millisecond

// NewLogInfo puts together what the log says of itself and what its settings say.
// The checkpoint interval may still be 0: [Preflight] then measures it.
func NewLogInfo(info rekor.Info, s Settings) LogInfo {
	l := LogInfo{Kind: info.Kind, Origin: info.Origin, Server: s.Server, Settings: s.Rest}
	if l.Server == "" {
		l.Server = "unknown: the log does not tell"
	}
	if l.Settings == nil {
		l.Settings = make(map[string]string)
	}
	switch {
	case s.CheckpointInterval > 0:
		l.CheckpointInterval, l.Settings[intervalSource] = Millis(s.CheckpointInterval), intervalTold
	case info.Kind == "v1":
		l.CheckpointInterval, l.Settings[intervalSource] = Millis(v1Interval), intervalAssumed
	default:
		l.Settings[intervalSource] = intervalMeasured
	}
	return l
}

// Preflight tries the log before anything is measured: it must take an envelope,
// know it again when it comes a second time, and refuse for good an envelope that
// another key has signed. It returns the info with the checkpoint interval filled
// in, and leaves one or two entries in the log.
func Preflight(ctx context.Context, r *Runner, info LogInfo) (LogInfo, error) {
	alg := r.Signer.Algorithm()
	if !r.Log.Accepts(alg) {
		return info, fmt.Errorf("a Rekor %s log takes no %s signatures: choose another algorithm, %s is taken by both", info.Kind, alg, attest.ECDSAP256SHA256)
	}
	first, _, err := preflightSubmit(ctx, r, 0)
	if err != nil {
		return info, fmt.Errorf("preflight: the log does not take an envelope: %w", err)
	}
	again, _, err := preflightSubmit(ctx, r, 0)
	if err != nil {
		return info, fmt.Errorf("preflight: the log does not know an envelope again: %w", err)
	}
	if !again.Recovered || again.GetLogIndex() != first.GetLogIndex() {
		return info, fmt.Errorf("preflight: the log took the same envelope twice, as entries %d and %d: it does not deduplicate, so a retry would log an envelope again",
			first.GetLogIndex(), again.GetLogIndex())
	}
	if err := refusesForgery(ctx, r); err != nil {
		return info, fmt.Errorf("preflight: %w", err)
	}
	if info.CheckpointInterval == 0 {
		if info.CheckpointInterval, err = measureInterval(ctx, r); err != nil {
			return info, fmt.Errorf("preflight: measuring the checkpoint interval: %w", err)
		}
	}
	return info, nil
}

// preflightRun numbers the payloads of the preflight, apart from those of runs.
const preflightRun = -1

// preflightSubmit submits an envelope of its own for each index.
func preflightSubmit(ctx context.Context, r *Runner, index int) (rekor.Entry, time.Duration, error) {
	e, err := r.sealOne(ctx, r.Reports.files[0], runTag{ID: r.ID, Run: preflightRun, Index: index})
	if err != nil {
		return rekor.Entry{}, 0, err
	}
	b := rekor.SubmitBatch(ctx, r.Log, []attest.Envelope{e}, r.Policy)
	if b.Err != nil {
		return rekor.Entry{}, 0, b.Err
	}
	return b.Results[0].Entry, b.Latency(), b.Results[0].Err
}

// refusesForgery submits an envelope with the signature of a key that is not the
// client's: a log that takes it does not check signatures.
func refusesForgery(ctx context.Context, r *Runner) error {
	forger, err := strangersSigner(r.Signer.Algorithm())
	if err != nil {
		return err
	}
	forged := *r
	forged.Signer = forger
	_, _, err = preflightSubmit(ctx, &forged, 1)
	if err == nil {
		return errors.New("the log took an envelope that another key has signed: it does not check signatures, so what it takes proves nothing")
	}
	if refused, ok := errors.AsType[*rekor.Error](err); !ok || refused.Class != rekor.Permanent {
		return fmt.Errorf("the log does not refuse for good an envelope that another key has signed: %w", err)
	}
	return nil
}

// strangersSigner makes a new key for the algorithm.
func strangersSigner(alg attest.Algorithm) (attest.Signer, error) {
	if alg == attest.ECDSAP256SHA256 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, err
		}
		return attest.NewSigner(key, alg)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return attest.NewSigner(key, alg)
}

// measureInterval waits for one checkpoint and times the next.
func measureInterval(ctx context.Context, r *Runner) (Millis, error) {
	if _, _, err := preflightSubmit(ctx, r, 2); err != nil {
		return 0, err
	}
	_, latency, err := preflightSubmit(ctx, r, 3)
	return Millis(latency.Round(time.Millisecond)), err
}
