import { DuckMeshError, bytesToHex, hexToBytes } from '@duckmesh/protocols'
import { TERMINAL_STATES } from '@duckmesh/protocols/dispatch'
import type {
  Durability,
  JobFailure,
  JobLog,
  JobState,
  NewSegment,
  SegmentKey,
  SegmentPatch,
  SegmentRow,
  StateAt,
} from '@duckmesh/protocols/dispatch'
import type { Hex } from 'viem'
import type { Sql, SqlRow, SqlStatement, SqlValue } from './interface.ts'
import { packIds, unpackIds } from './pack-ids.ts'

const INSERT = `INSERT INTO segments (job_id, segment, payer, provider, state, history, ended_ms, terms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (job_id, segment) DO NOTHING`
/** Also the proof that the row is there, so it runs for every patch. */
const UPDATE = `UPDATE segments SET
    history = CASE WHEN ?3 IS NULL OR state = ?3 THEN history ELSE history || ' ' || ?4 END,
    ended_ms = CASE WHEN ?3 IS NULL OR state = ?3 THEN ended_ms ELSE ?5 END,
    state = coalesce(?3, state),
    failure_code = coalesce(?6, failure_code),
    failure_detail = coalesce(?7, failure_detail)
  WHERE job_id = ?1 AND segment = ?2`
const ADD_PART = 'INSERT INTO segment_parts (job_id, segment, kind, body) VALUES (?, ?, ?, ?)'
const FORGET = `DELETE FROM segment_parts WHERE kind = ? AND (job_id, segment) IN
  (SELECT job_id, segment FROM segments WHERE ended_ms < ?) RETURNING job_id, segment`

/** `segment_parts.kind`. */
const KINDS = { receipts: 'receipt', completionIds: 'ids' } as const

/** Kind of the salt of a redundant segment's commitments; it is kept with the row. */
const SALT = 'salt'

/** The log of segments in SQLite. */
export class SqliteJobLog implements JobLog {
  readonly #sql: Sql

  constructor(sql: Sql) {
    this.#sql = sql
  }

  async insertSegment(row: NewSegment, level: Durability): Promise<void> {
    const params = [
      ...keyOf(row),
      row.payer.toLowerCase(),
      row.provider.toLowerCase(),
      row.state,
      noteOf(row),
      endOf(row),
      row.terms,
    ]
    const outcome = await this.#sql.write([{ sql: INSERT, params, expect: 1 }], level)
    if (!outcome.committed) throw refused('SEGMENT_USED', row)
  }

  async updateSegment(key: SegmentKey, patch: SegmentPatch, level: Durability): Promise<void> {
    const outcome = await this.#sql.write(statementsOf(key, patch), level)
    if (!outcome.committed) throw refused('JOB_UNKNOWN', key)
  }

  async getSegment(key: SegmentKey): Promise<SegmentRow | undefined> {
    const [row] = await this.#select('WHERE job_id = ? AND segment = ?', keyOf(key))
    return row
  }

  listSegments(filter: { states?: readonly JobState[]; jobId?: Hex } = {}): Promise<SegmentRow[]> {
    const conditions = ['TRUE']
    const params: string[] = []
    if (filter.states !== undefined) {
      conditions.push(`state IN (${filter.states.map(() => '?').join(', ')})`)
      params.push(...filter.states)
    }
    if (filter.jobId !== undefined) {
      conditions.push('job_id = ?')
      params.push(filter.jobId.toLowerCase())
    }
    return this.#select(`WHERE ${conditions.join(' AND ')}`, params)
  }

  async forget(what: 'completionIds' | 'receipts', endedBeforeMs: number): Promise<number> {
    const statement = { sql: FORGET, params: [KINDS[what], endedBeforeMs] }
    const outcome = await this.#sql.write([statement], 'grouped')
    const deleted = outcome.committed ? (outcome.rows[0] ?? []) : []
    return new Set(deleted.map((row) => `${String(row['job_id'])}/${String(row['segment'])}`)).size
  }

  async #select(where: string, params: readonly SqlValue[]): Promise<SegmentRow[]> {
    const matched = `FROM segments ${where}`
    const parts = `SELECT * FROM segment_parts
      WHERE (job_id, segment) IN (SELECT job_id, segment ${matched}) ORDER BY part`
    const [rows = [], bodies = []] = await this.#sql.read([
      { sql: `SELECT * ${matched} ORDER BY row`, params },
      { sql: parts, params },
    ])
    return assemble(rows, bodies)
  }
}

function keyOf(key: SegmentKey): [string, number] {
  return [key.jobId.toLowerCase(), key.segment]
}

function refused(
  code: 'SEGMENT_USED' | 'JOB_UNKNOWN',
  { jobId, segment }: SegmentKey,
): DuckMeshError {
  const what = code === 'SEGMENT_USED' ? 'was awarded before' : 'is not stored'
  return new DuckMeshError(code, `Segment ${segment.toString()} of ${jobId} ${what}.`, {
    jobId,
    details: { segment },
  })
}

function statementsOf(key: SegmentKey, patch: SegmentPatch): SqlStatement[] {
  const { enter, receipt, ids, failure, salt } = patch
  const params = [
    ...keyOf(key),
    enter?.state ?? null,
    enter === undefined ? null : noteOf(enter),
    enter === undefined ? null : endOf(enter),
    failure?.code ?? null,
    failure?.detail ?? null,
  ]
  const statements: SqlStatement[] = [{ sql: UPDATE, params, expect: 1 }]
  const add = (kind: string, body: Uint8Array): void => {
    statements.push({ sql: ADD_PART, params: [...keyOf(key), kind, body] })
  }
  if (receipt !== undefined) add(KINDS.receipts, receipt)
  if (ids !== undefined && ids.length > 0) add(KINDS.completionIds, packIds(ids))
  if (salt !== undefined) add(SALT, hexToBytes(salt, 32))
  return statements
}

/** One entry of the `history` column; entries are separated by a space. */
function noteOf({ state, atMs }: StateAt): string {
  return `${state}@${atMs.toString()}`
}

function historyOf(notes: string): StateAt[] {
  return notes.split(' ').map((note) => {
    const [state, atMs] = note.split('@')
    return { state: state as JobState, atMs: Number(atMs) }
  })
}

function endOf({ state, atMs }: StateAt): number | null {
  return TERMINAL_STATES.includes(state) ? atMs : null
}

/** Joins rows with their parts; both come in the order of writing. */
function assemble(rows: readonly SqlRow[], parts: readonly SqlRow[]): SegmentRow[] {
  const bodies = Map.groupBy(
    parts,
    (part) => `${String(part['job_id'])}/${String(part['segment'])}`,
  )
  return rows.map((row) => {
    const own = bodies.get(`${String(row['job_id'])}/${String(row['segment'])}`) ?? []
    const of = (kind: string): Uint8Array[] =>
      own.filter((part) => part['kind'] === kind).map((part) => part['body'] as Uint8Array)
    const [salt] = of(SALT)
    const segment = segmentOf(row, of(KINDS.receipts), of(KINDS.completionIds).flatMap(unpackIds))
    return salt === undefined ? segment : { ...segment, salt: bytesToHex(salt) }
  })
}

function segmentOf(row: SqlRow, receipts: Uint8Array[], completionIds: number[]): SegmentRow {
  const segment: SegmentRow = {
    jobId: row['job_id'] as Hex,
    segment: Number(row['segment']),
    payer: row['payer'] as Hex,
    provider: row['provider'] as Hex,
    state: row['state'] as JobState,
    history: historyOf(row['history'] as string),
    terms: row['terms'] as string,
    receipts,
    completionIds,
  }
  const code = row['failure_code'] as JobFailure['code'] | null
  if (code === null) return segment
  return { ...segment, failure: { code, detail: row['failure_detail'] as string } }
}
