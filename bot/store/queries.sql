-- Every statement of the store, for SQLite and PostgreSQL alike. Only what both
-- understand: no now(), no sequences, ON CONFLICT and RETURNING are fine.

-- name: Count :one
UPDATE counters SET value = value + sqlc.arg(step) WHERE name = sqlc.arg(name) RETURNING value;

-- name: Channels :many
SELECT * FROM channels ORDER BY ref;

-- name: Channel :one
SELECT * FROM channels WHERE ref = $1;

-- name: PutChannel :exec
INSERT INTO channels (ref, installation, settings, added_at, open_at_start, paused, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (ref) DO UPDATE SET
    settings = excluded.settings, open_at_start = excluded.open_at_start,
    paused = excluded.paused, reason = excluded.reason;

-- name: RemoveChannel :execrows
DELETE FROM channels WHERE ref = $1;

-- name: PauseChannel :execrows
UPDATE channels SET paused = TRUE, reason = sqlc.arg(reason) WHERE ref = sqlc.arg(ref) AND NOT paused;

-- name: ResumeChannel :execrows
UPDATE channels SET paused = FALSE, reason = ''
WHERE ref = sqlc.arg(ref) AND paused AND reason = sqlc.arg(reason);

-- name: AddAudit :exec
INSERT INTO audit (id, at, installation, who, what, ref, settings_before, settings_after)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: Audit :many
SELECT * FROM audit WHERE installation = sqlc.arg(installation) ORDER BY id DESC LIMIT sqlc.arg(n);

-- name: AuditOfAll :many
SELECT * FROM audit ORDER BY id DESC LIMIT $1;

-- name: AuditOfChannel :many
SELECT * FROM audit WHERE ref = sqlc.arg(ref) ORDER BY id DESC LIMIT sqlc.arg(n);

-- AddNotice writes down that an admin is to be told of a pause. A channel of
-- which somebody was, or may have been, told lately needs none.
-- name: AddNotice :execrows
INSERT INTO notices (ref, installation, code, paused_at, state, reason, due_at, told_at, attempts, fence)
VALUES (sqlc.arg(ref), sqlc.arg(installation), sqlc.arg(code), sqlc.arg(at), 'due', '', sqlc.arg(at), 0, 0, 0)
ON CONFLICT (ref) DO UPDATE SET code = excluded.code, paused_at = excluded.paused_at,
    state = 'due', reason = '', due_at = excluded.due_at, attempts = 0
WHERE notices.told_at <= sqlc.arg(last);

-- OpenNotices are those that somebody is still to be told, each with the
-- person who added its channel last, or else changed it last.
-- name: OpenNotices :many
SELECT sqlc.embed(notices), CAST(COALESCE((
    SELECT audit.who FROM audit
    WHERE audit.installation = notices.installation AND audit.ref = notices.ref AND audit.who NOT IN ('', 'cli', 'config', 'platform', 'probe')
    ORDER BY CASE audit.what WHEN 'add' THEN 0 ELSE 1 END, audit.id DESC LIMIT 1), '') AS text) AS person
FROM notices WHERE notices.state IN ('due', 'sending') ORDER BY notices.ref;

-- IntendNotice marks a notice as being sent, unless its channel is not paused
-- for it any more.
-- name: IntendNotice :execrows
UPDATE notices SET state = 'sending', told_at = sqlc.arg(at), attempts = attempts + 1, fence = fence + 1
WHERE notices.ref = sqlc.arg(ref) AND notices.fence = sqlc.arg(fence) AND notices.state = 'due' AND EXISTS (
    SELECT 1 FROM channels WHERE channels.ref = notices.ref AND channels.paused AND channels.reason = notices.code);

-- DropNotice drops a notice that nobody needs: its channel was resumed or
-- removed before.
-- name: DropNotice :exec
DELETE FROM notices
WHERE notices.ref = sqlc.arg(ref) AND notices.fence = sqlc.arg(fence) AND notices.state = 'due' AND NOT EXISTS (
    SELECT 1 FROM channels WHERE channels.ref = notices.ref AND channels.paused AND channels.reason = notices.code);

-- name: SettleNotice :exec
UPDATE notices SET state = sqlc.arg(state), reason = sqlc.arg(reason), due_at = sqlc.arg(due_at),
    told_at = CASE WHEN sqlc.arg(state) IN ('due', 'given_up') THEN 0 ELSE told_at END
WHERE ref = sqlc.arg(ref) AND fence = sqlc.arg(fence);

-- DoubtNotices is for a database that was put back: somebody may have been
-- told after it was copied.
-- name: DoubtNotices :exec
UPDATE notices SET state = 'doubtful', reason = 'restored', told_at = sqlc.arg(at) WHERE state IN ('due', 'sending');

-- TakeProbe is for one caller until the next time; a time that lies further
-- ahead than it can was written by a clock that was wrong.
-- name: TakeProbe :one
INSERT INTO probes (ref, next_at, unanswered) VALUES (sqlc.arg(ref), sqlc.arg(next_at), 0)
ON CONFLICT (ref) DO UPDATE SET next_at = excluded.next_at
WHERE probes.next_at <= sqlc.arg(now) OR probes.next_at > sqlc.arg(latest)
RETURNING unanswered;

-- name: PutOffProbe :exec
UPDATE probes SET next_at = sqlc.arg(next_at), unanswered = sqlc.arg(unanswered) WHERE ref = sqlc.arg(ref);

-- ReopenSlot opens a slot once more that ended without anything of it posted.
-- The fence grows: whoever worked on it before may write nothing.
-- name: ReopenSlot :execrows
UPDATE slots SET state = 'claimed', reason = '', digest = sqlc.arg(digest), earlier = sqlc.arg(earlier),
    due_at = sqlc.arg(due_at), closes_at = sqlc.arg(closes_at), touched_at = sqlc.arg(now),
    fence = fence + 1, attempts = 0, lease_until = 0, edition = '', next_edition = '', next_state = '', next_reason = ''
WHERE slots.ref = sqlc.arg(ref) AND slots.date = sqlc.arg(date)
    AND slots.state IN ('missed', 'no_digest', 'failed') AND slots.posted_at = 0 AND slots.retract_at = 0
    AND NOT EXISTS (SELECT 1 FROM parts
        WHERE parts.ref = slots.ref AND parts.date = slots.date AND parts.state <> 'rendered');

-- name: AddSlot :execrows
INSERT INTO slots (ref, date, installation, state, reason, digest, earlier, due_at, closes_at,
    posted_at, touched_at, fence, attempts, lease_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, 0, 0, 0)
ON CONFLICT DO NOTHING;

-- name: AddSeen :execrows
INSERT INTO seen (ref, digest, slot) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- DropSeen gives back what a slot took, unless something of it may have been
-- posted.
-- name: DropSeen :exec
DELETE FROM seen WHERE seen.ref = sqlc.arg(ref) AND slot = sqlc.arg(slot) AND NOT EXISTS (
    SELECT 1 FROM parts WHERE parts.ref = sqlc.arg(ref) AND parts.date = sqlc.arg(slot) AND parts.state <> 'rendered');

-- name: Seen :many
SELECT digest FROM seen WHERE ref = $1;

-- name: Slot :one
SELECT * FROM slots WHERE ref = $1 AND date = $2;

-- name: Slots :many
SELECT * FROM slots WHERE ref = sqlc.arg(ref) ORDER BY date DESC LIMIT sqlc.arg(n);

-- name: UnsettledSlots :many
SELECT * FROM slots WHERE state IN ('claimed', 'doubtful') ORDER BY ref, date;

-- name: SlotsSince :many
SELECT ref, date, state, due_at FROM slots WHERE date >= $1;

-- name: SlotsWith :many
SELECT * FROM slots WHERE digest = $1 ORDER BY ref, date;

-- The statements with an argument steps work on many rows at a time. It is a
-- JSON object with an object for each row, whose names here are the columns'.
-- What they ask of a slot is asked of its step as well, which is never null: a
-- database would else look for each unsettled slot among the steps instead of
-- for each step among the slots.
-- name: ClaimSlots :many
UPDATE slots SET fence = slots.fence + 1, lease_until = CAST(step.value->>'lease_until' AS bigint), touched_at = sqlc.arg(now)
FROM json_each(sqlc.arg(steps)) AS step
WHERE slots.ref = step.value->>'ref' AND slots.date = step.value->>'date'
    AND (step.value IS NULL OR state IN ('claimed', 'doubtful') AND lease_until <= sqlc.arg(now) AND retract_at = 0)
RETURNING ref, date, installation, state, reason, digest, earlier, due_at, closes_at, posted_at, touched_at,
    fence, attempts, lease_until, edition, next_edition, next_state, next_reason, corrections, corrected_on,
    retract_at, retracted_at;

-- Addressees says how the channels of slots stand, and which have a slot that is
-- older, but not older than since, and is still being posted.
-- name: Addressees :many
SELECT sqlc.embed(channels), CAST(step.value->>'date' AS text) AS date, EXISTS (
    SELECT 1 FROM slots WHERE slots.ref = channels.ref AND slots.state = 'claimed'
        AND slots.date < step.value->>'date' AND slots.date >= step.value->>'since') AS behind
FROM json_each(sqlc.arg(steps)) AS step JOIN channels ON channels.ref = step.value->>'ref';

-- ReclaimSlot takes a slot for work on what was posted: a correction, or the
-- removal that was asked for.
-- name: ReclaimSlot :one
UPDATE slots SET fence = fence + 1, lease_until = sqlc.arg(lease_until), touched_at = sqlc.arg(now)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND lease_until <= sqlc.arg(now)
    AND (state = 'posted' AND retract_at = 0 OR retract_at > 0 AND retracted_at = 0)
RETURNING *;

-- name: RenewSlot :execrows
UPDATE slots SET attempts = sqlc.arg(attempts), lease_until = sqlc.arg(lease_until), touched_at = sqlc.arg(now)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND fence = sqlc.arg(fence)
    AND (state IN ('claimed', 'doubtful') OR lease_until > 0);

-- HoldSlot is the check of the fence. It writes, so that on PostgreSQL the row
-- stays locked and no claim comes between it and the rest of the transaction.
-- A settled slot is held while somebody works on what it posted.
-- name: HoldSlot :execrows
UPDATE slots SET touched_at = sqlc.arg(now)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND fence = sqlc.arg(fence)
    AND (state IN ('claimed', 'doubtful') OR lease_until > 0);

-- IntendSlots is HoldSlot and RenewSlot before requests are made. The edition
-- is null unless parts are added that show it.
-- name: IntendSlots :many
UPDATE slots SET touched_at = sqlc.arg(now), attempts = CAST(step.value->>'attempts' AS bigint),
    lease_until = CAST(step.value->>'lease_until' AS bigint), edition = COALESCE(step.value->>'edition', slots.edition)
FROM json_each(sqlc.arg(steps)) AS step
WHERE slots.ref = step.value->>'ref' AND slots.date = step.value->>'date'
    AND fence = CAST(step.value->>'fence' AS bigint)
    AND (step.value IS NULL OR state IN ('claimed', 'doubtful') OR lease_until > 0)
RETURNING ref, date;

-- ConfirmSlots is HoldSlot after messages were posted. posted_at is 0 for all
-- but the parent; settled is null unless the message was the slot's last.
-- name: ConfirmSlots :many
UPDATE slots SET touched_at = sqlc.arg(now),
    posted_at = CASE WHEN slots.posted_at = 0 THEN CAST(step.value->>'posted_at' AS bigint) ELSE slots.posted_at END,
    state = COALESCE(step.value->>'settled', slots.state),
    reason = CASE WHEN step.value->>'settled' IS NULL THEN slots.reason ELSE '' END,
    lease_until = CASE WHEN step.value->>'settled' IS NULL THEN slots.lease_until ELSE 0 END
FROM json_each(sqlc.arg(steps)) AS step
WHERE slots.ref = step.value->>'ref' AND slots.date = step.value->>'date'
    AND fence = CAST(step.value->>'fence' AS bigint)
    AND (step.value IS NULL OR state IN ('claimed', 'doubtful') OR lease_until > 0)
RETURNING ref, date;

-- SettleSlot may be repeated with the same outcome: the answer to the first
-- commit can be lost.
-- name: SettleSlot :execrows
UPDATE slots SET state = sqlc.arg(state), reason = sqlc.arg(reason),
    lease_until = 0, touched_at = sqlc.arg(now)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND fence = sqlc.arg(fence)
    AND (state IN ('claimed', 'doubtful') OR state = sqlc.arg(state));

-- name: StageSlot :exec
UPDATE slots SET next_edition = sqlc.arg(edition), next_state = 'correcting', next_reason = '',
    corrections = sqlc.arg(corrections), corrected_on = sqlc.arg(corrected_on), attempts = 0
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date);

-- name: StagePart :exec
INSERT INTO parts (ref, date, idx, state, body, message_id, intent_at, sent_at, note)
VALUES (sqlc.arg(ref), sqlc.arg(date), sqlc.arg(idx), sqlc.arg(state), sqlc.arg(body), '', 0, 0, sqlc.arg(note))
ON CONFLICT (ref, date, idx) DO UPDATE SET state = excluded.state, body = excluded.body;

-- name: MarkPart :execrows
UPDATE parts SET state = sqlc.arg(state)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND idx = sqlc.arg(idx) AND message_id <> '';

-- name: SettleCorrection :exec
UPDATE slots SET edition = sqlc.arg(edition), next_edition = sqlc.arg(next_edition),
    next_state = sqlc.arg(next_state), next_reason = sqlc.arg(next_reason), lease_until = 0
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date);

-- name: RetractSlot :execrows
UPDATE slots SET retract_at = sqlc.arg(at), next_reason = '', attempts = 0
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND retract_at = 0;

-- name: ReleaseSlot :exec
UPDATE slots SET lease_until = 0, next_reason = sqlc.arg(reason)
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date);

-- SettleRetraction ends a slot that was not posted to its end too; its digests
-- stay taken.
-- name: SettleRetraction :exec
UPDATE slots SET retracted_at = sqlc.arg(at), reason = sqlc.arg(reason), lease_until = 0,
    state = CASE WHEN state IN ('claimed', 'doubtful') THEN 'missed' ELSE state END
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date);

-- name: AddParts :execrows
INSERT INTO parts (ref, date, idx, state, body, message_id, intent_at, sent_at)
SELECT step.value->>'ref', step.value->>'date', CAST(step.value->>'idx' AS integer), step.value->>'state',
    step.value->>'body', '', CAST(step.value->>'intent_at' AS bigint), 0
FROM json_each(sqlc.arg(steps)) AS step WHERE TRUE
ON CONFLICT DO NOTHING;

-- name: Parts :many
SELECT * FROM parts WHERE ref = $1 AND date = $2 ORDER BY idx;

-- name: PartsOfAll :many
SELECT parts.* FROM json_each(sqlc.arg(steps)) AS step
JOIN parts ON parts.ref = step.value->>'ref' AND parts.date = step.value->>'date'
ORDER BY parts.idx;

-- name: IntendParts :execrows
UPDATE parts SET state = 'sending', intent_at = CAST(step.value->>'intent_at' AS bigint)
FROM json_each(sqlc.arg(steps)) AS step
WHERE parts.ref = step.value->>'ref' AND parts.date = step.value->>'date'
    AND parts.idx = CAST(step.value->>'idx' AS integer) AND state <> 'sent';

-- name: ConfirmParts :execrows
UPDATE parts SET state = 'sent', message_id = step.value->>'message_id', sent_at = CAST(step.value->>'sent_at' AS bigint)
FROM json_each(sqlc.arg(steps)) AS step
WHERE parts.ref = step.value->>'ref' AND parts.date = step.value->>'date'
    AND parts.idx = CAST(step.value->>'idx' AS integer);

-- name: RefusePart :execrows
UPDATE parts SET state = 'rendered', intent_at = 0
WHERE ref = $1 AND date = $2 AND idx = $3 AND state <> 'sent';

-- name: CountSentParts :one
SELECT count(*) FROM parts
WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND idx >= sqlc.arg(first) AND state = 'sent';

-- name: DropParts :exec
DELETE FROM parts WHERE ref = sqlc.arg(ref) AND date = sqlc.arg(date) AND idx >= sqlc.arg(first);

-- name: Digest :one
SELECT * FROM digests WHERE date = $1;

-- name: PutDigest :exec
INSERT INTO digests (date, name, body, source, first_at, revised_at, withdrawn_at, revision)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (date) DO UPDATE SET
    name = excluded.name, body = excluded.body, source = excluded.source, first_at = excluded.first_at,
    revised_at = excluded.revised_at, withdrawn_at = excluded.withdrawn_at, revision = excluded.revision;

-- DigestsSince has the reading in the place of the body where there is an
-- edition.
-- name: DigestsSince :many
SELECT d.date, d.name, d.source, d.first_at, d.revised_at, d.withdrawn_at, d.revision,
    COALESCE(r.edition, '') AS edition, COALESCE(r.packed, d.body) AS body
FROM digests d LEFT JOIN readings r ON r.date = d.date AND r.revision = d.revision AND r.reader = sqlc.arg(reader)
    AND r.edition <> ''
WHERE d.revision > sqlc.arg(since) ORDER BY d.date;

-- PutReading leaves alone the reading of a newer revision.
-- name: PutReading :exec
INSERT INTO readings (date, revision, reader, edition, packed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (date) DO UPDATE SET
    revision = excluded.revision, reader = excluded.reader, edition = excluded.edition, packed = excluded.packed
WHERE readings.revision <= excluded.revision;

-- name: NewestDigests :many
SELECT date, name, source, first_at, revised_at, withdrawn_at FROM digests ORDER BY date DESC LIMIT $1;

-- name: RejectDigest :exec
INSERT INTO rejected (file, reason, at) VALUES ($1, $2, $3)
ON CONFLICT (file) DO UPDATE SET reason = excluded.reason, at = excluded.at
WHERE rejected.reason <> excluded.reason;

-- name: AcceptDigest :execrows
DELETE FROM rejected WHERE file = $1;

-- name: IsRejected :one
SELECT count(*) FROM rejected WHERE file = $1;

-- name: RejectedFiles :many
SELECT file FROM rejected;

-- name: Rejected :many
SELECT * FROM rejected ORDER BY at DESC, file LIMIT $1;

-- name: CountUnknown :exec
INSERT INTO unknown_words (installation, word, times, first_at, last_at)
VALUES (sqlc.arg(installation), sqlc.arg(word), 1, sqlc.arg(at), sqlc.arg(at))
ON CONFLICT (installation, word) DO UPDATE SET
    times = unknown_words.times + 1, last_at = excluded.last_at;

-- name: DropRarestUnknown :exec
DELETE FROM unknown_words WHERE unknown_words.installation = sqlc.arg(installation)
AND unknown_words.word = (SELECT u.word FROM unknown_words u WHERE u.installation = sqlc.arg(installation) ORDER BY u.times, u.last_at, u.word LIMIT 1)
AND (SELECT count(*) FROM unknown_words c WHERE c.installation = sqlc.arg(installation)) > CAST(sqlc.arg(most) AS bigint);

-- name: UnknownWords :many
SELECT word, CAST(sum(times) AS bigint) AS times, CAST(min(first_at) AS bigint) AS first_at, CAST(max(last_at) AS bigint) AS last_at
FROM unknown_words GROUP BY word ORDER BY 2 DESC, word LIMIT $1;

-- name: PutSourceCheck :exec
INSERT INTO source_checks (source, newest, checked_at, error) VALUES ($1, $2, $3, $4)
ON CONFLICT (source) DO UPDATE SET
    newest = excluded.newest, checked_at = excluded.checked_at, error = excluded.error;

-- name: SourceChecks :many
SELECT * FROM source_checks ORDER BY source;

-- name: DropSourceCheck :exec
DELETE FROM source_checks WHERE source = $1;

-- name: PutNote :exec
INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value;

-- name: AddNote :exec
INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: DropNote :exec
DELETE FROM notes WHERE name = $1;

-- name: Note :one
SELECT value FROM notes WHERE name = $1;
