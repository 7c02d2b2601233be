package authority

// Canonicalize is the short way alone, ParsePayloadSlowly the general one.
var (
	Canonicalize       = canonicalize
	ParsePayloadSlowly = parsePayload
)
