package storetest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/stella-ops/stella/authority"
)

// Contract is every property of [authority.TokenStore], a name each.
func Contract() []Property {
	return []Property{
		{"a token that is not there is not found", notFound},
		{"a token is given back as it was saved", givenBack},
		{"awkward values are given back as they were saved", awkward},
		{"the largest and the deepest are given back whole", extremes},
		{"times are cut to the millisecond, in UTC", times},
		{"an illegal value is refused and not written", illegal},
		{"a second token with one id is refused", duplicate},
		{"a save meets the version or changes nothing", versions},
		{"a save changes no token that is another", identity},
		{"a revocation is given back as it was made", revoke},
		{"the first revocation stands", firstRevocation},
		{"an attempt may be repeated and knows its own win", repeatedAttempt},
		{"a save undoes no revocation", noUnrevoke},
		{"the revocation of one token touches no other", otherTokens},
		{"an owner has all of its tokens and no other", owners},
		{"pages of every size hold each token once, in order", pages},
		{"a page ends at the limit of bytes", heavyPages},
		{"a cursor goes on behind its token, also when that is gone by", cursors},
		{"lists are empty, never nil", emptyLists},
		{"what a caller does to its token reaches no other", aliasing},
		{"a context that has ended changes nothing", endedContext},
		{"a deadline that passes amid a call is no answer", passingDeadline},
		{"many are saved at once as one by one", bulkGivenBack},
		{"of many, each is saved or refused on its own", bulkOutcomes},
		{"more than a batch is saved at once", bulkBatches},
		{"of bulk saves at once, one saves each token", bulkRace},
		{"everything outlives a restart", restart},
	}
}

// save saves a token that must be taken.
func save(t T, b Backend, token authority.Token) authority.Token {
	t.Helper()
	saved, err := b.Store.Save(t.Context(), token, authority.Absent())
	require.NoError(t, err, "saving a new token")
	return saved
}

// stored is what the store holds of a token.
func stored(t T, b Backend, id authority.TokenID) authority.Token {
	t.Helper()
	token, err := b.Store.GetByID(t.Context(), id)
	require.NoError(t, err, "reading a token that was saved")
	return token
}

// same compares every bit: require.Equal alone holds two times for different that are
// one moment, and Equal of time.Time two locations for the same.
func same(t T, want, got authority.Token, what string) {
	t.Helper()
	require.Equal(t, Canonical(want), Canonical(got), what)
	for _, at := range []time.Time{got.CreatedAt, got.IssuedAt, got.ExpiresAt, got.UpdatedAt} {
		require.Equal(t, time.UTC, at.Location(), "%s: %s is not in UTC", what, at)
	}
}

func notFound(t T, b Backend) {
	m := NewMaker(1)
	_, err := b.Store.GetByID(t.Context(), m.TokenID())
	require.ErrorIs(t, err, authority.ErrNotFound)
	_, err = b.Store.Revoke(t.Context(), m.TokenID(), m.Revocation())
	require.ErrorIs(t, err, authority.ErrNotFound)
	token := m.Plain()
	_, err = b.Store.Save(t.Context(), token, authority.AtVersion(1))
	require.ErrorIs(t, err, authority.ErrNotFound)
	_, err = b.Store.GetByID(t.Context(), token.ID)
	require.ErrorIs(t, err, authority.ErrNotFound, "the save that was refused left something")
}

func givenBack(t T, b Backend) {
	want := NewMaker(2).Plain()
	got := save(t, b, want)
	want.Version = 1
	same(t, want, got, "what Save returned")
	same(t, want, stored(t, b, want.ID), "what GetByID returned")
}

func awkward(t T, b Backend) {
	m := NewMaker(3)
	for i := range 60 {
		want := m.Awkward()
		same(t, withVersion(want, 1), save(t, b, want), fmt.Sprintf("token %d, from Save", i))
		same(t, withVersion(want, 1), stored(t, b, want.ID), fmt.Sprintf("token %d, from GetByID", i))
		list, _, err := b.Store.GetByOwner(t.Context(), want.Owner, authority.Page{})
		require.NoError(t, err)
		require.Len(t, list, 1)
		same(t, withVersion(want, 1), list[0], fmt.Sprintf("token %d, from GetByOwner", i))
	}
}

func extremes(t T, b Backend) {
	m := NewMaker(21)
	deep := authority.MaxPayloadDepth - 1
	for name, payload := range map[string]string{
		"long": `{"long":"` + strings.Repeat("x", authority.MaxPayloadBytes-len(`{"long":""}`)) + `"}`,
		"wide": `{"wide":[` + strings.Repeat("0,", 1<<17) + `0]}`,
		"deep": `{"deep":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`,
	} {
		token := m.Plain()
		token.Payload = mustPayload(payload)
		save(t, b, token)
		require.Equal(t, token.Payload, stored(t, b, token.ID).Payload, "the %s payload", name)
		r := m.Revocation()
		r.Reason = strings.Repeat("\U0001F600", authority.MaxReasonBytes/4)
		out, err := b.Store.Revoke(t.Context(), token.ID, r)
		require.NoError(t, err)
		require.Equal(t, r.Reason, out.Token.Revoked.Reason)
	}
}

func withVersion(t authority.Token, n int64) authority.Token {
	t.Version = n
	return t
}

func times(t T, b Backend) {
	m := NewMaker(4)
	zone := time.FixedZone("elsewhere", 5*3600+30*60)
	for _, at := range []time.Time{
		time.Date(2026, 3, 4, 5, 6, 7, 999_999_999, zone),
		time.Date(1960, 3, 4, 5, 6, 7, 1_999_999, zone), // cut downwards before 1970, too
		time.Date(1969, 12, 31, 23, 59, 59, 999_999_999, time.UTC),
	} {
		token := m.Plain()
		token.CreatedAt, token.UpdatedAt, token.IssuedAt, token.LastUsedAt = at, at, at, at
		save(t, b, token)
		want := at.UTC().Truncate(time.Millisecond)
		got := stored(t, b, token.ID)
		for _, x := range []time.Time{got.CreatedAt, got.UpdatedAt, got.IssuedAt, got.LastUsedAt} {
			require.Equal(t, want.Format(time.RFC3339Nano), x.Format(time.RFC3339Nano))
		}
	}
}

func illegal(t T, b Backend) {
	m := NewMaker(5)
	for name, spoil := range map[string]func(*authority.Token){
		"no id":            func(t *authority.Token) { t.ID = "" },
		"an upper-case id": func(t *authority.Token) { t.ID = authority.TokenID(strings.ToUpper(string(t.ID))) },
		"no owner":         func(t *authority.Token) { t.Owner = "" },
		"no creator":       func(t *authority.Token) { t.CreatedBy = "x" },
		"no kind":          func(t *authority.Token) { t.Kind = "" },
		"a kind with NUL":  func(t *authority.Token) { t.Kind = "a\x00" },
		"no time":          func(t *authority.Token) { t.CreatedAt = time.Time{} },
		"a far time":       func(t *authority.Token) { t.UpdatedAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"expired at birth": func(t *authority.Token) { t.ExpiresAt = t.IssuedAt },
		"revoked at birth": func(t *authority.Token) { r := m.Revocation(); t.Revoked = &r },
	} {
		token := m.Plain()
		token.ID = "a" + token.ID[1:] // a letter, for its upper case
		id := token.ID
		spoil(&token)
		_, err := b.Store.Save(t.Context(), token, authority.Absent())
		require.ErrorIs(t, err, authority.ErrInvalid, name)
		_, err = b.Store.GetByID(t.Context(), id)
		require.ErrorIs(t, err, authority.ErrNotFound, "%s: it was written", name)
	}
	token := save(t, b, m.Plain())
	for name, spoil := range map[string]func(*authority.Revocation){
		"a reason with NUL":         func(r *authority.Revocation) { r.Reason = "a\x00b" },
		"a reason that is no UTF-8": func(r *authority.Revocation) { r.Reason = "\xff" },
		"a reason that is too long": func(r *authority.Revocation) { r.Reason = strings.Repeat("x", authority.MaxReasonBytes+1) },
		"a reason with a secret":    func(r *authority.Revocation) { r.Reason = "leaked: stella_" + strings.Repeat("0z", 18) },
		"no attempt":                func(r *authority.Revocation) { r.Attempt = "" },
		"nobody":                    func(r *authority.Revocation) { r.By = "" },
		"no time of the revocation": func(r *authority.Revocation) { r.At = time.Time{} },
	} {
		r := m.Revocation()
		spoil(&r)
		_, err := b.Store.Revoke(t.Context(), token.ID, r)
		require.ErrorIs(t, err, authority.ErrInvalid, name)
		same(t, token, stored(t, b, token.ID), name)
	}
	_, err := b.Store.GetByID(t.Context(), "x")
	require.ErrorIs(t, err, authority.ErrInvalid)
	_, _, err = b.Store.GetByOwner(t.Context(), token.Owner, authority.Page{Size: -1})
	require.ErrorIs(t, err, authority.ErrInvalid)
	_, err = b.Store.Save(t.Context(), m.Plain(), authority.AtVersion(-1))
	require.ErrorIs(t, err, authority.ErrInvalid)
}

func duplicate(t T, b Backend) {
	m := NewMaker(6)
	first := save(t, b, m.Plain())
	second := m.Plain()
	second.ID = first.ID
	_, err := b.Store.Save(t.Context(), second, authority.Absent())
	require.ErrorIs(t, err, authority.ErrExists)
	_, err = b.Store.Save(t.Context(), first, authority.Absent())
	require.ErrorIs(t, err, authority.ErrExists, "the same token again")
	same(t, first, stored(t, b, first.ID), "the token that was there")
}

func versions(t T, b Backend) {
	m := NewMaker(7)
	token := save(t, b, m.Plain())
	other := save(t, b, m.Plain())
	for n := int64(1); n <= 3; n++ {
		changed := token
		changed.Payload = mustPayload(fmt.Sprintf(`{"version":%d}`, n+1))
		changed.LastUsedAt = token.CreatedAt.Add(time.Duration(n) * time.Second)
		changed.UpdatedAt = changed.LastUsedAt
		changed.Version = 77 // does not matter
		for _, stale := range []int64{n - 1, n + 1, n + 100} {
			if stale == 0 {
				continue
			}
			_, err := b.Store.Save(t.Context(), changed, authority.AtVersion(stale))
			require.ErrorIs(t, err, authority.ErrConflict, "version %d where %d is stored", stale, n)
			same(t, token, stored(t, b, token.ID), "after a conflict")
		}
		got, err := b.Store.Save(t.Context(), changed, authority.AtVersion(n))
		require.NoError(t, err)
		same(t, withVersion(changed, n+1), got, "what Save returned")
		token = got
		same(t, token, stored(t, b, token.ID), "what is stored")
	}
	same(t, other, stored(t, b, other.ID), "the other token")
}

func identity(t T, b Backend) {
	m := NewMaker(8)
	token := save(t, b, m.Plain())
	for name, change := range map[string]func(*authority.Token){
		"owner":         func(t *authority.Token) { t.Owner = m.Principal() },
		"kind":          func(t *authority.Token) { t.Kind = "other" },
		"secret":        func(t *authority.Token) { t.Secret[31] ^= 1 },
		"creator":       func(t *authority.Token) { t.CreatedBy = m.Principal() },
		"creation time": func(t *authority.Token) { t.CreatedAt = t.CreatedAt.Add(time.Millisecond) },
		"issue time":    func(t *authority.Token) { t.IssuedAt = t.IssuedAt.Add(-time.Millisecond) },
		"expiry":        func(t *authority.Token) { t.ExpiresAt = t.ExpiresAt.Add(time.Millisecond) },
	} {
		changed := token
		change(&changed)
		_, err := b.Store.Save(t.Context(), changed, authority.AtVersion(token.Version))
		require.ErrorIs(t, err, authority.ErrConflict, "another %s", name)
		same(t, token, stored(t, b, token.ID), "another "+name)
	}
}

func revoke(t T, b Backend) {
	m := NewMaker(9)
	for _, reason := range awkwardText {
		token := save(t, b, m.Awkward())
		r := m.Revocation()
		r.Reason = reason
		out, err := b.Store.Revoke(t.Context(), token.ID, r)
		require.NoError(t, err)
		require.True(t, out.Won)
		want := token
		want.Revoked, want.UpdatedAt, want.Version = &r, r.At, token.Version+1
		same(t, want, out.Token, "what Revoke returned")
		same(t, want, stored(t, b, token.ID), "what is stored")
		require.False(t, stored(t, b, token.ID).Active(token.IssuedAt), "a revoked token is active")
	}
}

func firstRevocation(t T, b Backend) {
	m := NewMaker(10)
	token := save(t, b, m.Plain())
	first, err := b.Store.Revoke(t.Context(), token.ID, m.Revocation())
	require.NoError(t, err)
	for range 3 {
		again, err := b.Store.Revoke(t.Context(), token.ID, m.Revocation())
		require.NoError(t, err)
		require.False(t, again.Won, "a later revocation won")
		same(t, first.Token, again.Token, "what the later revocation returned")
		same(t, first.Token, stored(t, b, token.ID), "what is stored")
	}
}

func repeatedAttempt(t T, b Backend) {
	m := NewMaker(11)
	token := save(t, b, m.Plain())
	r := m.Revocation()
	first, err := b.Store.Revoke(t.Context(), token.ID, r)
	require.NoError(t, err)
	r.At, r.Reason = r.At.Add(time.Hour), "another reason" // a retry with a later clock
	if r.At.Year() > 9999 {
		r.At = first.Token.Revoked.At
	}
	again, err := b.Store.Revoke(t.Context(), token.ID, r)
	require.NoError(t, err)
	require.True(t, again.Won, "the repetition does not know that it won")
	same(t, first.Token, again.Token, "what the repetition returned")
}

func noUnrevoke(t T, b Backend) {
	m := NewMaker(12)
	token := save(t, b, m.Plain())
	out, err := b.Store.Revoke(t.Context(), token.ID, m.Revocation())
	require.NoError(t, err)
	for _, v := range []int64{token.Version, out.Token.Version, out.Token.Version + 1} {
		_, err := b.Store.Save(t.Context(), token, authority.AtVersion(v))
		require.ErrorIs(t, err, authority.ErrConflict, "at version %d", v)
	}
	_, err = b.Store.Save(t.Context(), token, authority.Absent())
	require.ErrorIs(t, err, authority.ErrExists)
	same(t, out.Token, stored(t, b, token.ID), "the revoked token")
}

func otherTokens(t T, b Backend) {
	m := NewMaker(13)
	one, two := save(t, b, m.Plain()), m.Plain()
	two.Owner, two.Kind, two.CreatedAt = one.Owner, one.Kind, one.CreatedAt
	two = save(t, b, two)
	_, err := b.Store.Revoke(t.Context(), one.ID, m.Revocation())
	require.NoError(t, err)
	same(t, two, stored(t, b, two.ID), "the owner's other token")
}

func owners(t T, b Backend) {
	m := NewMaker(14)
	want := map[authority.PrincipalID][]authority.Token{}
	for range 3 {
		owner := m.Principal()
		for range 4 {
			token := m.Plain()
			token.Owner = owner
			want[owner] = append(want[owner], save(t, b, token))
		}
		// A revoked and an expired token are the owner's still.
		out, err := b.Store.Revoke(t.Context(), want[owner][0].ID, m.Revocation())
		require.NoError(t, err)
		want[owner][0] = out.Token
	}
	for owner, tokens := range want {
		slices.SortFunc(tokens, func(x, y authority.Token) int { return authority.CursorOf(x).Compare(authority.CursorOf(y)) })
		got, next, err := b.Store.GetByOwner(t.Context(), owner, authority.Page{})
		require.NoError(t, err)
		require.True(t, next.IsZero())
		require.Len(t, got, len(tokens))
		for i := range tokens {
			same(t, tokens[i], got[i], fmt.Sprintf("token %d of an owner", i))
		}
	}
}

func pages(t T, b Backend) {
	m := NewMaker(15)
	owner := m.Principal()
	var want []authority.TokenID
	var tokens []authority.Token
	for i := range 23 {
		token := m.Plain()
		token.Owner = owner
		token.CreatedAt = awkwardTimes[i/5] // ties, within which the id decides
		tokens = append(tokens, token)
		save(t, b, token)
	}
	slices.SortFunc(tokens, func(x, y authority.Token) int { return authority.CursorOf(x).Compare(authority.CursorOf(y)) })
	for _, token := range tokens {
		want = append(want, token.ID)
	}
	for _, size := range []int{1, 2, 7, 22, 23, 24, authority.MaxPage, 0} {
		var got []authority.TokenID
		page := authority.Page{Size: size}
		for turn := 0; ; turn++ {
			require.Less(t, turn, len(want)+1, "pages of %d never end", size)
			list, next, err := b.Store.GetByOwner(t.Context(), owner, page)
			require.NoError(t, err)
			require.LessOrEqual(t, len(list), cmp.Or(size, authority.MaxPage))
			for _, token := range list {
				got = append(got, token.ID)
			}
			if next.IsZero() {
				break
			}
			require.NotEmpty(t, list, "an empty page has one after it")
			page.After = next
		}
		require.Equal(t, want, got, "pages of %d", size)
	}
}

func heavyPages(t T, b Backend) {
	m := NewMaker(24)
	owner := m.Principal()
	add := func(i, bytes int) authority.TokenID {
		token := m.Plain()
		token.Owner, token.CreatedAt = owner, awkwardTimes[0].Add(time.Duration(i)*time.Second)
		payload, err := authority.ParsePayload(fmt.Appendf(nil, `{"x":"%s"}`, strings.Repeat("x", bytes-len(`{"x":""}`))))
		require.NoError(t, err)
		token.Payload = payload
		return save(t, b, token).ID
	}
	check := func(after authority.Cursor, last bool, want ...authority.TokenID) authority.Cursor {
		t.Helper()
		list, next, err := b.Store.GetByOwner(t.Context(), owner, authority.Page{After: after})
		require.NoError(t, err)
		var got []authority.TokenID
		for _, token := range list {
			got = append(got, token.ID)
		}
		require.Equal(t, want, got)
		require.Equal(t, last, next.IsZero(), "whether a page follows")
		return next
	}
	var full []authority.TokenID
	for i := range authority.MaxPageBytes / authority.MaxPayloadBytes {
		full = append(full, add(i, authority.MaxPayloadBytes))
	}
	check(authority.Cursor{}, true, full...)
	light := add(len(full), 100)
	check(check(authority.Cursor{}, false, full...), true, light)
}

func cursors(t T, b Backend) {
	m := NewMaker(16)
	token := save(t, b, m.Plain())
	before := authority.Cursor{CreatedAt: token.CreatedAt.Add(-time.Millisecond), ID: m.TokenID()}
	at, behind := authority.CursorOf(token), authority.Cursor{CreatedAt: token.CreatedAt.Add(time.Millisecond), ID: m.TokenID()}
	for _, test := range []struct {
		after authority.Cursor
		want  int
	}{{before, 1}, {at, 0}, {behind, 0}} {
		list, next, err := b.Store.GetByOwner(t.Context(), token.Owner, authority.Page{After: test.after, Size: 1})
		require.NoError(t, err)
		require.Len(t, list, test.want)
		require.True(t, next.IsZero(), "the last page names another")
	}
	// A cursor is a place that a token can have.
	at.CreatedAt = at.CreatedAt.Add(999 * time.Microsecond)
	at.ID = "00000000-0000-0000-0000-000000000000"
	list, _, err := b.Store.GetByOwner(t.Context(), token.Owner, authority.Page{After: at})
	require.NoError(t, err)
	require.Len(t, list, 1, "a cursor is cut to the millisecond, as a token is")
	for name, after := range map[string]authority.Cursor{
		"an id that is none": {CreatedAt: token.CreatedAt, ID: "x"},
		"no time":            {ID: token.ID},
		"a far time":         {CreatedAt: time.UnixMilli(1 << 60), ID: token.ID},
	} {
		_, _, err := b.Store.GetByOwner(t.Context(), token.Owner, authority.Page{After: after})
		require.ErrorIs(t, err, authority.ErrInvalid, name)
	}
}

func emptyLists(t T, b Backend) {
	list, next, err := b.Store.GetByOwner(t.Context(), NewMaker(17).Principal(), authority.Page{})
	require.NoError(t, err)
	require.True(t, next.IsZero())
	require.NotNil(t, list)
	require.Empty(t, list)
}

func aliasing(t T, b Backend) {
	m := NewMaker(18)
	token := save(t, b, m.Plain())
	r := m.Revocation()
	out, err := b.Store.Revoke(t.Context(), token.ID, r)
	require.NoError(t, err)
	want := Canonical(out.Token)
	read := stored(t, b, token.ID)
	list, _, err := b.Store.GetByOwner(t.Context(), token.Owner, authority.Page{})
	require.NoError(t, err)
	require.Len(t, list, 1)
	for _, got := range []authority.Token{out.Token, read, list[0]} {
		require.NotNil(t, got.Revoked)
		got.Revoked.Reason = "changed by a caller"
	}
	require.Equal(t, want, Canonical(stored(t, b, token.ID)))
}

func endedContext(t T, b Backend) {
	m := NewMaker(19)
	token := save(t, b, m.Plain())
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	late, cancelLate := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancelLate()
	for _, ctx := range []context.Context{cancelled, late} {
		_, err := b.Store.GetByID(ctx, token.ID)
		requireEnded(t, ctx, err)
		_, _, err = b.Store.GetByOwner(ctx, token.Owner, authority.Page{})
		requireEnded(t, ctx, err)
		fresh := m.Plain()
		_, err = b.Store.Save(ctx, fresh, authority.Absent())
		requireEnded(t, ctx, err)
		_, err = b.Store.Revoke(ctx, token.ID, m.Revocation())
		requireEnded(t, ctx, err)
		outcomes, err := saveAll(ctx, b.Store, []authority.Token{fresh})
		requireEnded(t, ctx, err)
		require.Len(t, outcomes, 1)
		require.ErrorIs(t, outcomes[0], authority.ErrUnavailable)
		same(t, token, stored(t, b, token.ID), "after calls whose context had ended")
		_, err = b.Store.GetByID(t.Context(), fresh.ID)
		require.ErrorIs(t, err, authority.ErrNotFound)
	}
}

// requireEnded holds an error to saying both that nothing was done, and why.
func requireEnded(t T, ctx context.Context, err error) {
	t.Helper()
	require.ErrorIs(t, err, authority.ErrUnavailable)
	require.ErrorIs(t, err, ctx.Err())
}

// passingDeadline has deadlines pass before, amid and after calls. What is read then is the
// truth or that nothing is known, and a write that was surely not done was not.
func passingDeadline(t T, b Backend) {
	m := NewMaker(22)
	token := save(t, b, m.Plain())
	usual := time.Hour
	for range 5 {
		begin := time.Now()
		stored(t, b, token.ID)
		usual = min(usual, time.Since(begin))
	}
	for i := range 20 {
		after := usual * time.Duration(i) / 10
		stored(t, b, token.ID) // so that the store has a connection, where one broke
		var got authority.Token
		err := within(t.Context(), after, func(ctx context.Context) (err error) {
			got, err = b.Store.GetByID(ctx, token.ID)
			return err
		})
		require.Contains(t, []string{"ok", "error: unavailable"}, class(err), "reading for %s: %v", after, err)
		if err == nil {
			same(t, token, got, "what was read in time")
		}
		stored(t, b, token.ID)
		var list []authority.Token
		err = within(t.Context(), after, func(ctx context.Context) (err error) {
			list, _, err = b.Store.GetByOwner(ctx, token.Owner, authority.Page{})
			return err
		})
		require.Contains(t, []string{"ok", "error: unavailable"}, class(err), "listing for %s: %v", after, err)
		if err == nil {
			require.Len(t, list, 1, "what was listed in time")
		}
		other := save(t, b, m.Plain())
		err = within(t.Context(), after, func(ctx context.Context) error {
			_, err := b.Store.Revoke(ctx, other.ID, m.Revocation())
			return err
		})
		require.Contains(t, []string{"ok", "error: unavailable", "error: unknown outcome"}, class(err), "revoking for %s: %v", after, err)
		if class(err) == "error: unavailable" {
			same(t, other, stored(t, b, other.ID), "a token that was surely not revoked")
		}
	}
}

func restart(t T, b Backend) {
	m := NewMaker(20)
	kept := save(t, b, m.Awkward())
	revoked := save(t, b, m.Plain())
	out, err := b.Store.Revoke(t.Context(), revoked.ID, m.Revocation())
	require.NoError(t, err)
	b.Store = b.Restart(t)
	same(t, kept, stored(t, b, kept.ID), "the token after the restart")
	same(t, out.Token, stored(t, b, revoked.ID), "the revoked token after the restart")
}
