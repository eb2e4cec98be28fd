/**
 * Submits the jobs of requests. Requests with the same idempotency key share one job, so a client that repeats a POST
 * by itself pays once; a job ends when nobody waits for it any more.
 */
import { DuckMeshError } from '@duckmesh/protocols'
import type { Clock } from '@duckmesh/protocols'
import type { JobRequest } from '@duckmesh/sdk'
import { IDEMPOTENCY_MS, MAX_IDEMPOTENCY_KEY, MAX_IDEMPOTENCY_KEYS } from './constants.ts'
import { requestError } from './http-error.ts'
import type { IdempotencyKeys } from './idempotency-keys.ts'
import type { GatewayClient, GatewayJob } from './interface.ts'

/** What a request brings besides its job. */
export interface Caller {
  /** Aborts when the caller went away. */
  signal: AbortSignal
  /** `Idempotency-Key`, and the body, to tell another request under the same key. */
  once?: { key: string; body: string }
}

interface Entry {
  body: string
  atMs: number
  job: Promise<GatewayJob>
  callers: number
  readonly cancel: AbortController
}

export interface JobDeskComponents {
  client: Pick<GatewayClient, 'submit'>
  clock: Pick<Clock, 'now'>
  /** Absent: a restart forgets the keys. */
  keys?: Pick<IdempotencyKeys, 'claim'>
}

export class JobDesk {
  readonly #client: Pick<GatewayClient, 'submit'>
  readonly #clock: Pick<Clock, 'now'>
  readonly #keys: Pick<IdempotencyKeys, 'claim'> | undefined
  /** Oldest first. */
  readonly #entries = new Map<string, Entry>()

  constructor({ client, clock, keys }: JobDeskComponents) {
    this.#client = client
    this.#clock = clock
    this.#keys = keys
  }

  /**
   * The job of this request: a new one, or the one that its key stands for. Rejects as `submit` does; a key whose
   * submit failed is free again, because nothing was paid. SPEC_INVALID for the key of another body, ANSWER_LOST when
   * the key's job is of before a restart.
   */
  submit(request: JobRequest, caller: Caller): Promise<GatewayJob> {
    const { once, signal } = caller
    if (once === undefined) return this.#client.submit(request, { signal })
    const { body, key } = once
    if (key === '' || key.length > MAX_IDEMPOTENCY_KEY) {
      const what = `Idempotency-Key must have 1 to ${MAX_IDEMPOTENCY_KEY} characters.`
      throw requestError(what, 'Idempotency-Key')
    }
    this.#forgetOld()
    const entry = this.#entries.get(key) ?? this.#open(key, request, body)
    if (entry.body !== body) {
      throw requestError('This Idempotency-Key came with another body.', 'Idempotency-Key')
    }
    this.#join(entry, signal)
    return entry.job
  }

  #open(key: string, request: JobRequest, body: string): Entry {
    const cancel = new AbortController()
    const job = this.#order({ key, body }, request, cancel.signal)
    const entry = { body, atMs: this.#clock.now(), job, callers: 0, cancel }
    this.#entries.set(key, entry)
    job.catch(() => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key)
    })
    return entry
  }

  /** The key is on disk before anything can be paid under it. */
  async #order(
    { body, key }: { body: string; key: string },
    request: JobRequest,
    signal: AbortSignal,
  ): Promise<GatewayJob> {
    const claimed = await this.#keys?.claim(key, body)
    try {
      const job = await this.#client.submit(request, { signal })
      await claimed?.ordered(job.jobId)
      return job
    } catch (error) {
      await claimed?.free()
      throw error
    }
  }

  #join(entry: Entry, signal: AbortSignal): void {
    entry.callers += 1
    const leave = (): void => {
      entry.callers -= 1
      if (entry.callers === 0) {
        entry.cancel.abort(new DuckMeshError('CANCELLED', 'Every caller closed its connection.'))
      }
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  }

  #forgetOld(): void {
    const oldestMs = this.#clock.now() - IDEMPOTENCY_MS
    for (const [key, { atMs }] of this.#entries) {
      if (atMs > oldestMs && this.#entries.size < MAX_IDEMPOTENCY_KEYS) return
      this.#entries.delete(key)
    }
  }
}
