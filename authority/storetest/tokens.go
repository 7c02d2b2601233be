package storetest

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stella-ops/stella/authority"
)

// A Maker makes tokens: the same seed gives the same ones. It is used by one goroutine
// at a time.
type Maker struct{ rnd *rand.Rand }

// NewMaker returns the maker of a seed.
func NewMaker(seed uint64) *Maker { return &Maker{rand.New(rand.NewPCG(seed, 0x5374656c6c61))} }

func (m *Maker) uuid() string {
	var u uuid.UUID
	binary.BigEndian.PutUint64(u[:8], m.rnd.Uint64())
	binary.BigEndian.PutUint64(u[8:], m.rnd.Uint64())
	u[6], u[8] = u[6]&0x0f|0x40, u[8]&0x3f|0x80
	return u.String()
}

// TokenID makes an id that no token has.
func (m *Maker) TokenID() authority.TokenID { return authority.TokenID(m.uuid()) }

// Principal makes a principal.
func (m *Maker) Principal() authority.PrincipalID { return authority.PrincipalID(m.uuid()) }

// Plain makes an ordinary token of a new owner.
func (m *Maker) Plain() authority.Token {
	created := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC).Add(time.Duration(m.rnd.IntN(1e9)) * time.Millisecond)
	t := authority.Token{
		ID: m.TokenID(), Owner: m.Principal(), CreatedBy: m.Principal(), Kind: "licence",
		CreatedAt: created, IssuedAt: created, UpdatedAt: created, ExpiresAt: created.AddDate(1, 0, 0),
		Payload: mustPayload(fmt.Sprintf(`{"seats":%d}`, m.rnd.IntN(1000))),
	}
	for i := range t.Secret {
		t.Secret[i] = byte(m.rnd.Uint32())
	}
	return t
}

// Awkward makes a token as legal as it is unusual.
func (m *Maker) Awkward() authority.Token {
	t := m.Plain()
	t.Kind = pick(m, []string{"a", "scanner.upload", "x-1_y", strings.Repeat("k", authority.MaxKindBytes)})
	t.CreatedAt = pick(m, awkwardTimes)
	t.UpdatedAt = pick(m, awkwardTimes)
	t.IssuedAt = pick(m, awkwardTimes[:len(awkwardTimes)-1])
	t.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC)
	if m.rnd.IntN(2) == 0 {
		t.LastUsedAt = pick(m, awkwardTimes)
	}
	t.Payload = m.payload()
	return t
}

// Revocation makes a revocation with a reason that may be awkward.
func (m *Maker) Revocation() authority.Revocation {
	return authority.Revocation{
		At: pick(m, awkwardTimes), By: m.Principal(), Attempt: authority.AttemptID(m.uuid()), Reason: pick(m, awkwardText),
	}
}

func pick[E any](m *Maker, list []E) E { return list[m.rnd.IntN(len(list))] }

// awkwardTimes are legal, whole milliseconds, and oldest first.
var awkwardTimes = []time.Time{
	time.Date(1, 1, 1, 0, 0, 0, 1e6, time.UTC),
	time.Date(1582, 10, 10, 12, 0, 0, 0, time.UTC), // no day of the Gregorian calendar that Spain had
	time.Date(1899, 12, 31, 23, 59, 59, 999e6, time.UTC),
	time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC),
	time.Unix(0, 0).UTC(),
	time.Date(2016, 12, 31, 23, 59, 59, 999e6, time.UTC), // before a leap second
	time.Date(2024, 2, 29, 12, 30, 0, 7e6, time.UTC),
	time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), // beyond 32 bits
	time.Date(2262, 4, 11, 23, 47, 17, 0, time.UTC),
	time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC),
}

// awkwardText is legal text that some layer may fold, trim, escape or order its own way.
var awkwardText = []string{
	"", " ", "lost laptop", "trailing space ", "\ttab\nline\r\n", `quote " backslash \ percent % dollar $ brace {}`,
	"e\u0301 is not \u00e9",       // combining, and composed
	"\U0001F468\u200D\U0001F469",  // astral, joined
	"\u202Eright to left\u202C",   // RTL override
	"مرحبا שלום",                  // RTL
	"\uFEFFmark",                  // byte order mark
	"\uFFFD replacement \uFFFF",   // a noncharacter
	"\x01\x02\x1f\x7f\u0085",      // controls, without NUL
	"'; DROP TABLE tokens; --",    // for a driver that pastes
	"$where", "a.b", "_id", "NaN", // names that MongoDB gives a meaning
	strings.Repeat("\U0001F600", authority.MaxReasonBytes/4),
}

// payload makes a legal payload; one in about a hundred is of a megabyte.
func (m *Maker) payload() authority.Payload {
	switch m.rnd.IntN(100) {
	case 0:
		return mustPayload(`{"big":"` + strings.Repeat("\\u00e9x", 1<<18) + `"}`)
	case 1:
		n := authority.MaxPayloadDepth - 1
		return mustPayload(`{"deep":` + strings.Repeat("[", n) + strings.Repeat("]", n) + "}")
	}
	return mustPayload(pick(m, awkwardPayloads))
}

var awkwardPayloads = []string{
	`{}`, ` { } `,
	`{"n":9007199254740991,"m":-9007199254740991}`, // the edge of I-JSON
	`{"a":1e-7,"b":1E2,"c":-0,"d":0.1,"e":5e-324,"f":4503599627370495.5,"g":1.0}`,
	`{"b":1,"a":2,"\u00e9":3,"e\u0301":4,"\ud83d\ude00":5,"\ufb33":6}`, // order of UTF-16
	`{"":"","$set":{"a.b":null},"_id":[],"__proto__":{"x":[true,false,null]}}`,
	`{"text":"\u202e \u0001 \u007f \u2028 \\ \" \/ \ud83d\udc68\u200d\ud83d\udc69"}`,
	`{"list":[[],{},[[]],"",0,[1,[2,[3]]]]}`,
	`{"id":"00000000-0000-0000-0000-000000000000","at":"2026-01-02T03:04:05Z","oid":"507f1f77bcf86cd799439011"}`,
}

func mustPayload(text string) authority.Payload {
	p, err := authority.ParsePayload([]byte(text))
	if err != nil {
		panic(fmt.Sprintf("storetest: a payload of the table is illegal: %v", err))
	}
	return p
}

// Licences makes n tokens such as a service issues, with 200 bytes of payload: what
// benchmarks measure with.
func (m *Maker) Licences(n int) []authority.Token {
	tokens := make([]authority.Token, n)
	for i := range tokens {
		tokens[i] = m.Plain()
		tokens[i].Payload = mustPayload(fmt.Sprintf(`{"product":"scanner","edition":"enterprise","seats":%d,"features":["sbom","vex","reachability","attest"],`+
			`"support":{"level":"gold","until":"2027-03-31T00:00:00Z"},"customer":"ACME \u00d6sterreich GmbH","trial":false}`, m.rnd.IntN(1000)))
	}
	return tokens
}
