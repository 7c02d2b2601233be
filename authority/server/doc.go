// Package server is the token service over HTTP.
//
//	POST /v1/tokens               issues a token; its secret is in this answer and nowhere else
//	GET  /v1/tokens/{id}          shows a token
//	GET  /v1/tokens?owner_id=…    lists an owner's tokens by pages (page=, size=; large ones end a page early)
//	POST /v1/tokens/{id}/revoke   revokes a token
//	POST /v1/introspect           RFC 7662
//	POST /v1/revoke               RFC 7009
//	GET  /metrics                 for Prometheus, whoever the caller
//	GET  /healthz, /readyz
//
// # Callers
//
// Every endpoint but the last two needs a caller, who presents the secret of a token of
// the service's own kinds as a bearer token (RFC 6750) and acts as that token's owner:
//
//	authority.admin       sees, issues and revokes every token, but mints none of its own
//	                      kind: those come from the command line alone
//	authority.access      sees, introspects and revokes the tokens of its owner
//	authority.introspect  introspects every token
//
// A token that a caller may not see is answered as one that is not there, but by
// /v1/revoke: RFC 7009 section 2.1 has the caller told.
//
// # Answers
//
// JSON, no-store. An error is {"error":CODE,"error_description":WORDS}; a store's own
// words go to the log, never to a caller. No secret is ever logged.
package server
