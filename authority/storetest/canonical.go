package storetest

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/stella-ops/stella/authority"
)

// Canonical is a token as canonical JSON (RFC 8785): what parity compares byte for byte.
// It shows each field as it is, the location of a time apart.
func Canonical(t authority.Token) string {
	fields := map[string]any{
		"id": t.ID, "owner": t.Owner, "kind": t.Kind, "secret": hex.EncodeToString(t.Secret[:]), "created_by": t.CreatedBy,
		"created_at": stamp(t.CreatedAt), "issued_at": stamp(t.IssuedAt), "expires_at": stamp(t.ExpiresAt),
		"updated_at": stamp(t.UpdatedAt), "last_used_at": stamp(t.LastUsedAt), "version": t.Version,
		"payload": jsontext.Value(t.Payload.String()), "revoked": nil,
	}
	if r := t.Revoked; r != nil {
		fields["revoked"] = map[string]any{"at": stamp(r.At), "by": r.By, "reason": r.Reason, "attempt": r.Attempt}
	}
	text, err := json.Marshal(fields)
	v := jsontext.Value(text)
	if err == nil {
		err = v.Canonicalize()
	}
	if err != nil {
		// A token that a store makes up may hold anything.
		return fmt.Sprintf("%#v cannot be shown: %v", t, err)
	}
	return string(v)
}

// stamp keeps nanoseconds: a store that returns them is wrong.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
