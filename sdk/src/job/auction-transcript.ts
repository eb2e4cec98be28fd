/** The record of an auction, also of one that gave nobody the job (K-69). */
import { shardOf } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import { ZERO_HASH } from '@duckmesh/protocols/dispatch'
import { AuctionError, explainChoice } from '@duckmesh/protocols/market'
import type { AuctionResult, LostAuction, SeatAck, SeatFailure } from '@duckmesh/protocols/market'
import type { TranscriptAuction, TranscriptBid, TranscriptSeat } from '../store/transcripts.ts'
import type { JobDraft } from './plan-job.ts'

/** Version of the score rule, as far as no proof names one. */
const NO_RULE = 0

export function auctionTranscript(
  result: AuctionResult,
  { modelId }: Pick<JobDraft, 'modelId'>,
): TranscriptAuction {
  const { auctionMs, choice, header, passes, proof, sets } = result
  const { epoch, matchHash, turn } = choice
  return {
    attempt: header.attempt,
    epoch,
    turn,
    shard: shardOf(modelId),
    ruleVersion: proof.ruleVersion,
    matchHash,
    bidsRoot: sets[0]?.match.match.bidsRoot ?? matchHash,
    seats: seatsOf(result, result),
    auctionMs,
    bids: bidsOf(result),
    passes: passes.map(({ code, detail, provider }) => ({ provider, code, detail })),
  }
}

/** The record of the auction that ended in this error; undefined when nothing is known: no seat even acknowledged. */
export function lostTranscript(
  error: unknown,
  draft: Pick<JobDraft, 'modelId'>,
): TranscriptAuction | undefined {
  if (!(error instanceof Error)) return undefined
  // The one reason of all providers stands for NO_BIDS, which is then its cause.
  if (!(error instanceof AuctionError)) return lostTranscript(error.cause, draft)
  const { code, lost } = error
  const failure = { code, detail: lost.why }
  const { result } = lost
  if (result !== undefined) return { ...auctionTranscript(result, draft), failure }
  const [ack] = lost.acks
  return ack === undefined ? undefined : { ...unmatched(lost, ack, draft), failure }
}

function unmatched(
  lost: LostAuction,
  { epoch, turn }: SeatAck,
  { modelId }: Pick<JobDraft, 'modelId'>,
): TranscriptAuction {
  const { attempt, auctionMs } = lost
  return {
    attempt,
    epoch,
    turn,
    shard: shardOf(modelId),
    ruleVersion: NO_RULE,
    matchHash: ZERO_HASH,
    bidsRoot: ZERO_HASH,
    seats: seatsOf(lost),
    auctionMs,
    bids: [],
    passes: [],
  }
}

/** Every seat that was asked: those that acknowledged, those that made a match, those that did neither. */
function seatsOf(
  { acks, failures }: Pick<LostAuction, 'acks' | 'failures'>,
  matched?: Pick<AuctionResult, 'choice' | 'sets'>,
): TranscriptSeat[] {
  const sets = new Map(matched?.sets.map((set) => [set.match.match.seat, set]))
  const failed = new Map(failures.map((failure) => [failure.seat, failure]))
  const owners = new Set([...acks.map((ack) => ack.seat), ...sets.keys(), ...failed.keys()])
  return [...owners].map((owner) => {
    const ack = acks.find(({ seat }) => seat === owner)
    return {
      owner,
      ackMs: ack?.ms ?? null,
      bids: sets.get(owner)?.bids.length ?? 0,
      primary: owner === matched?.choice.seat,
      ...(ack === undefined ? {} : { invited: ack.invited }),
      ...codeOf(failed.get(owner)),
    }
  })
}

function codeOf(failure: SeatFailure | undefined): Pick<TranscriptSeat, 'code'> {
  return failure?.error === undefined ? {} : { code: failure.error.code }
}

function bidsOf({ choice }: AuctionResult): TranscriptBid[] {
  const signed = new Map<Hex, AuctionResult['choice']['ranked'][0]['bid']>(
    choice.ranked.map(({ bid, provider }) => [provider, bid]),
  )
  return explainChoice(choice).map(({ price, score, ...entry }) => {
    const bid = signed.get(entry.provider)?.bid
    return {
      ...entry,
      ...(price === undefined ? {} : { price: `${price}` }),
      ...(score === undefined ? {} : { score: `${score}` }),
      ...(bid === undefined
        ? {}
        : { priceIn: `${bid.priceIn}`, priceOut: `${bid.priceOut}`, etaMs: bid.etaMs }),
    }
  })
}
