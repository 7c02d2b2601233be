package attest

import (
	"slices"
	"strconv"
)

// PAE returns the DSSE v1 pre-authentication encoding of a payload and its type,
// the bytes that a signature covers:
//
//	"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload
//
// Lengths are byte counts in ASCII decimal (DSSE protocol.md, "Signature
// Definition").
func PAE(payloadType string, payload []byte) []byte {
	return appendPAE(nil, payloadType, payload)
}

// appendPAE appends the encoding to a buffer that is grown once.
func appendPAE(pae []byte, payloadType string, payload []byte) []byte {
	const decimal = 20 // digits of the largest int
	pae = slices.Grow(pae, len("DSSEv1    ")+2*decimal+len(payloadType)+len(payload))
	pae = append(pae, "DSSEv1 "...)
	pae = strconv.AppendInt(pae, int64(len(payloadType)), 10)
	pae = append(pae, ' ')
	pae = append(pae, payloadType...)
	pae = append(pae, ' ')
	pae = strconv.AppendInt(pae, int64(len(payload)), 10)
	pae = append(pae, ' ')
	return append(pae, payload...)
}
