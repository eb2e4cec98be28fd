/** The auction lane: one attempt at finding providers, as places to award and as a record of how they were chosen. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { DuckMeshError, bytesToHex, hexToBytes, isErrorCode } from '@duckmesh/protocols'
import type { AuctionProof, ClientBinding, ErrorCode, Hex } from '@duckmesh/protocols'
import { MODE_REDUNDANT } from '@duckmesh/protocols/dispatch'
import type { NewOrder, Place } from '@duckmesh/protocols/dispatch'
import type { AuctionResult, Auctioneer } from '@duckmesh/protocols/market'
import type { TranscriptAuction } from '../store/transcripts.ts'
import { auctionTranscript } from './auction-transcript.ts'
import { textsOf } from './job-failure.ts'
import type { JobDraft } from './plan-job.ts'

export interface AuctionLaneComponents {
  auctioneer: Pick<Auctioneer, 'run'>
  /** This client's binding, renewed before it expires. */
  binding: () => Promise<ClientBinding>
}

/** A held auction. */
export interface HeldAuction {
  result: AuctionResult
  places: Place[]
  matchHash: Hex
  proof: AuctionProof
  transcript: TranscriptAuction
}

/** Refusals that the caller can do something about. */
const TELLING: readonly ErrorCode[] = [
  'MODEL_NOT_FOUND',
  'PRICE_ABOVE_CAP',
  'PROMPT_TOO_LONG',
  'PROVIDER_BUSY',
]

/**
 * Rejects with SEATS_UNREACHABLE, CANCELLED, what a seat did wrong, or NO_BIDS with the reasons of the providers;
 * when all of them had the same that the caller can act on, with its code, for example PRICE_ABOVE_CAP.
 */
export async function holdAuction(
  { auctioneer, binding }: AuctionLaneComponents,
  draft: JobDraft,
  order: NewOrder,
  { attempt, excluded }: { attempt: number; excluded: readonly Hex[] },
  signal: AbortSignal,
): Promise<HeldAuction> {
  const { secrets, ...signed } = order
  const { inBucket, maxTokens, mode } = draft
  const secret =
    mode === MODE_REDUNDANT ? { draw: secrets.draw, auditHash: hashOf(secrets.audit) } : {}
  const sizes = { inBucket, maxTokens, attempt, excluded: [...excluded] }
  const client = await binding()
  const input = { order: signed, client, ...sizes, ...secret }
  const result = await auctioneer.run(input, signal).catch((error: unknown) => {
    throw telling(error, draft)
  })
  const { choice, proof } = result
  const places = choice.ranked.map(({ bid: { bid }, bidHash, provider }) => {
    return { provider, bidHash, priceIn: bid.priceIn, priceOut: bid.priceOut }
  })
  const transcript = auctionTranscript(result, draft)
  return { result, places, matchHash: choice.matchHash, proof, transcript }
}

/**
 * NO_BIDS as the one reason that every provider gave, in the form of the direct lane; anything else as it is. The
 * error counts them as `CODE n`, and has a sentence of each provider.
 */
function telling(error: unknown, { maxPrice }: JobDraft): unknown {
  if (!(error instanceof DuckMeshError) || error.code !== 'NO_BIDS') return error
  const { reasons = [], sentences = reasons } = error.details
  const [counted, ...others] = textsOf(reasons)
  const code = counted?.split(' ')[0] ?? ''
  if (others.length > 0 || !isErrorCode(code) || !TELLING.includes(code)) return error
  const said = textsOf(sentences)
  const about = error.jobId === undefined ? {} : { jobId: error.jobId }
  const details = { maxPrice, reasons: said }
  return new DuckMeshError(code, said[0] ?? '', { ...about, details, cause: error })
}

function hashOf(secret: Hex): Hex {
  return bytesToHex(keccak_256(hexToBytes(secret, 32)))
}
