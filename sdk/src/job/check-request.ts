/** The parts of a request that are neither sealed into the spec nor checked by its codec. */
import { DuckMeshError } from '@duckmesh/protocols'
import { dispatchConstants } from '@duckmesh/protocols/dispatch'
import { DEFAULT_REPLICAS, MAX_EXCLUDED, MAX_REPLICAS } from './request.ts'
import type { JobRequest } from './request.ts'

/** Largest amount on the wire (uint96), wei. */
const MAX_AMOUNT = 2n ** 96n - 1n
/** A minute below what providers take on, so that clocks may differ, ms. */
const MAX_TIMEOUT_MS: number = dispatchConstants.MAX_JOB_LIFE_MS - 60_000

const ADDRESS = /^0x[0-9a-f]{40}$/i
const BYTES_32 = /^0x[0-9a-f]{64}$/

/** What says nothing about numbers; ignoring it would change the answer silently. */
const CHAT_ONLY = ['maxTokens', 'stop', 'format', 'sampling'] as const

/** Throws SPEC_INVALID with the field's name in the details. */
export function checkRequest(request: JobRequest): void {
  const { exclude = [], maxPrice = 0n, maxTokens = 1, seed, timeoutMs = 1 } = request
  demand('maxTokens', Number.isInteger(maxTokens) && maxTokens >= 1, 'a whole number from 1')
  demand('maxPrice', maxPrice >= 0n && maxPrice <= MAX_AMOUNT, 'an amount from 0 to 2^96 - 1 wei')
  const timely = Number.isInteger(timeoutMs) && timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS
  demand('timeoutMs', timely, `a whole number of ms from 1 to ${MAX_TIMEOUT_MS}`)
  demand('seed', seed === undefined || BYTES_32.test(seed), '32 bytes of lower-case hex')
  const { lane, replicas = DEFAULT_REPLICAS, verification = 'reference' } = request
  const counted = Number.isInteger(replicas) && replicas >= 1 && replicas <= MAX_REPLICAS
  demand('replicas', counted, `a whole number from 1 to ${MAX_REPLICAS}`)
  if (verification === 'reference' && request.replicas !== undefined) {
    demand('replicas', replicas === 1, '1 unless verification is "redundant"')
  }
  // Nobody may choose the members alone: they are drawn from the bids of an auction.
  demand('lane', verification === 'reference' || lane !== 'direct', '"auction" for redundant jobs')
  for (const field of request.task === undefined ? (['texts', 'width'] as const) : CHAT_ONLY) {
    demand(field, request[field] === undefined, 'left out: it means nothing to this task')
  }
  const named = exclude.every((address) => ADDRESS.test(address))
  demand('exclude', exclude.length <= MAX_EXCLUDED, `at most ${MAX_EXCLUDED} addresses`)
  demand('exclude', named, 'addresses: 0x and 40 hex digits')
}

function demand(field: string, holds: boolean, range: string): void {
  if (holds) return
  throw new DuckMeshError('SPEC_INVALID', `${field} must be ${range}.`, { details: { field } })
}
