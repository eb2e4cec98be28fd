/**
 * Idempotency keys on disk: no request of before a restart is paid a second time under its key. Neither key nor body is
 * kept: a record is named by a hash of the key, and tells bodies apart by a hash that the key seals.
 */
import { DuckMeshError, toDuckMeshError } from '@duckmesh/protocols'
import type { Clock, Logger } from '@duckmesh/protocols'
import { createHash, createHmac } from 'node:crypto'
import type { RecordStore } from '../storage/index.ts'
import { IDEMPOTENCY_MS } from './constants.ts'
import { requestError } from './http-error.ts'

export interface IdempotencyKeysComponents {
  clock: Pick<Clock, 'now'>
  logger: Logger
  records: Pick<RecordStore, 'get' | 'put'>
}

/** What a record holds; an empty one is of a key that is free again. */
interface StoredKey {
  /** HMAC-SHA256 of the body under the key, hex. */
  body: string
  /** When it was taken, milliseconds since 1970. */
  atMs: number
  /** Absent while the job was being ordered. */
  jobId?: string
}

/** A key that stands for the request at hand. */
export interface ClaimedKey {
  /** The job is ordered and may cost money. Never rejects: the key stays taken anyhow. */
  ordered(jobId: string): Promise<void>
  /** Nothing was paid: the key may be used again. Never rejects. */
  free(): Promise<void>
}

export class IdempotencyKeys {
  readonly #components: IdempotencyKeysComponents

  constructor(components: IdempotencyKeysComponents) {
    this.#components = components
  }

  /**
   * Takes the key for a request with this body; on disk when the promise resolves.
   *
   * @throws DuckMeshError SPEC_INVALID when it came with another body, ANSWER_LOST when its job is of before a restart,
   *   or of stage `store`
   */
  async claim(key: string, body: string): Promise<ClaimedKey> {
    const { clock, records } = this.#components
    const name = createHash('sha256').update('duckmesh/idempotency\0').update(key).digest('hex')
    const digest = createHmac('sha256', key).update(body).digest('hex')
    const bytes = await records.get('idempotency', name)
    const known = bytes === undefined || bytes.length === 0 ? undefined : storedKey(bytes)
    const now = clock.now()
    if (known !== undefined && now - known.atMs < IDEMPOTENCY_MS) throw taken(known, digest)
    const mine: StoredKey = { body: digest, atMs: now }
    await records.put({ kind: 'idempotency', key: name, atMs: now, body: bytesOf(mine) }, 'durable')
    return {
      ordered: (jobId) => this.#put(name, now, bytesOf({ ...mine, jobId })),
      // Dated back, so that the next tidying drops it.
      free: () => this.#put(name, 0, new Uint8Array()),
    }
  }

  async #put(key: string, atMs: number, body: Uint8Array): Promise<void> {
    const { logger, records } = this.#components
    try {
      await records.put({ kind: 'idempotency', key, atMs, body }, 'grouped')
    } catch (error) {
      logger.warn('gateway.key_not_stored', { code: toDuckMeshError(error).code })
    }
  }
}

function taken({ body, jobId }: StoredKey, digest: string): DuckMeshError {
  if (body !== digest) {
    return requestError('This Idempotency-Key came with another body.', 'Idempotency-Key')
  }
  const what =
    'A request with this Idempotency-Key was taken before, and its job is not at hand any more.'
  return new DuckMeshError('ANSWER_LOST', what, jobId === undefined ? {} : { jobId })
}

function bytesOf(stored: StoredKey): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(stored))
}

/** Throws STORE_CORRUPT for bytes that `bytesOf` did not write. */
function storedKey(bytes: Uint8Array): StoredKey {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as StoredKey
  } catch (cause) {
    throw new DuckMeshError('STORE_CORRUPT', 'A stored idempotency key is damaged.', { cause })
  }
}
