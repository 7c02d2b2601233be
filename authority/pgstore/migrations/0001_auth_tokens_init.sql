-- +goose Up
-- The store makes the schema itself, because goose's own table stands in it.
CREATE TABLE authority.tokens (
    id               uuid           NOT NULL,
    owner_id         uuid           NOT NULL,
    kind             text           COLLATE "C" NOT NULL,
    secret_sha256    bytea          NOT NULL,
    issued_at_utc    timestamptz(3) NOT NULL,
    expires_at_utc   timestamptz(3) NOT NULL,
    is_revoked       boolean        NOT NULL DEFAULT false,
    revoked_at_utc   timestamptz(3),
    revoked_by       uuid,
    revoked_reason   text           COLLATE "C",
    revoked_attempt  uuid,
    payload_json     jsonb          NOT NULL,
    created_by       uuid           NOT NULL,
    created_at_utc   timestamptz(3) NOT NULL,
    updated_at_utc   timestamptz(3) NOT NULL,
    last_used_at_utc timestamptz(3),
    version          bigint         NOT NULL,

    CONSTRAINT pk_tokens PRIMARY KEY (id),
    CONSTRAINT ck_tokens_kind CHECK (kind ~ '^[a-z0-9._-]{1,64}$'),
    CONSTRAINT ck_tokens_secret_sha256 CHECK (octet_length(secret_sha256) = 32),
    CONSTRAINT ck_tokens_lifetime CHECK (issued_at_utc < expires_at_utc),
    CONSTRAINT ck_tokens_payload_json CHECK (jsonb_typeof(payload_json) = 'object'),
    CONSTRAINT ck_tokens_version CHECK (version >= 1),
    -- A revocation is there whole or not at all.
    CONSTRAINT ck_tokens_revocation CHECK (
        num_nonnulls(revoked_at_utc, revoked_by, revoked_reason, revoked_attempt) = CASE WHEN is_revoked THEN 4 ELSE 0 END
    )
);

CREATE INDEX ix_tokens_owner_id ON authority.tokens (owner_id, created_at_utc, id);
CREATE INDEX ix_tokens_kind ON authority.tokens (kind);

COMMENT ON TABLE authority.tokens IS 'Security tokens: licences and entitlements. Rows are never deleted.';
COMMENT ON COLUMN authority.tokens.id IS 'Public id, a digest of the secret: UUID version 8.';
COMMENT ON COLUMN authority.tokens.owner_id IS 'The principal that holds the token.';
COMMENT ON COLUMN authority.tokens.kind IS 'What the token entitles to, such as licence or scanner.upload.';
COMMENT ON COLUMN authority.tokens.secret_sha256 IS 'SHA-256 of the secret, which is stored nowhere.';
COMMENT ON COLUMN authority.tokens.issued_at_utc IS 'The token is good from this moment on.';
COMMENT ON COLUMN authority.tokens.expires_at_utc IS 'The token is not good at or after this moment.';
COMMENT ON COLUMN authority.tokens.is_revoked IS 'Whether the token was revoked. Never goes back to false.';
COMMENT ON COLUMN authority.tokens.revoked_at_utc IS 'When it was revoked: the first revocation stands.';
COMMENT ON COLUMN authority.tokens.revoked_by IS 'The principal that revoked it.';
COMMENT ON COLUMN authority.tokens.revoked_reason IS 'Why, in the words of who revoked it. May be empty.';
COMMENT ON COLUMN authority.tokens.revoked_attempt IS 'The attempt that won, so that a caller whose answer was lost knows its own revocation.';
COMMENT ON COLUMN authority.tokens.payload_json IS 'The payload, an I-JSON object (RFC 7493).';
COMMENT ON COLUMN authority.tokens.created_by IS 'The principal that issued the token.';
COMMENT ON COLUMN authority.tokens.created_at_utc IS 'When the token was made: the first key of its order.';
COMMENT ON COLUMN authority.tokens.updated_at_utc IS 'When the token was last written.';
COMMENT ON COLUMN authority.tokens.last_used_at_utc IS 'When the token was last presented, null for never.';
COMMENT ON COLUMN authority.tokens.version IS 'Counts writes from 1: who writes names the version that it read.';

-- +goose Down
DROP TABLE authority.tokens;
