/** `duckmesh why [job]`: who bid, who won and why, who was paid what: from the record of the job. */
import type { JobTranscript } from '@duckmesh/sdk'
import { findTranscript, nearestNetworks } from './find-transcript.ts'
import { formatDuck } from './format-duck.ts'
import { printJson, printLine, printable } from './output.ts'

export interface WhyOptions {
  /** Folder with the stores to look into; the local networks here or above when left out. */
  dataDir?: string
  json: boolean
}

/** Rejects with JOB_UNKNOWN or CONFIG_INVALID. */
export async function why(id: string, options: WhyOptions): Promise<void> {
  const folder = options.dataDir ?? (await nearestNetworks(process.cwd()))
  const transcript = await findTranscript(folder, id)
  if (options.json) {
    printJson(transcript)
    return
  }
  // One fact a line, also when its text came from the network.
  for (const line of describe(transcript)) printLine(printable(line.replace(/[\r\n]+/g, ' ')))
}

/** The record as lines for people. */
export function describe(transcript: JobTranscript): string[] {
  const { agreed, failure, fallback, fee, lane, maxPrice, paid, state } = transcript
  return [
    `Job ${transcript.jobId}`,
    `  ${state}${failure === undefined ? '' : ` (${failure.code}: ${failure.detail})`}`,
    `  ${kindOf(transcript)}, ${lane} lane, ${transcript.endedMs - transcript.createdMs} ms`,
    `  paid ${formatDuck(BigInt(paid))} of at most ${formatDuck(BigInt(maxPrice))}`,
    ...(agreed === null ? [] : [`  the members ${agreed ? 'agree' : 'do not agree'}`]),
    ...(fee === undefined
      ? []
      : [`  the seat ${fee.seat} got ${formatDuck(BigInt(fee.amount))} for matching`]),
    ...(fallback === undefined ? [] : [`  no seat was used: ${fallback}`]),
    ...transcript.auctions.flatMap(auctionLines),
    'Awards',
    ...transcript.segments.map(segmentLine),
    ...(transcript.segments.length === 0 ? ['  none'] : []),
  ]
}

function kindOf({ mode, replicas }: JobTranscript): string {
  return mode === 0 ? `redundant, ${replicas} members` : 'one provider'
}

function auctionLines(auction: JobTranscript['auctions'][0]): string[] {
  const { auctionMs, attempt, bids, epoch, failure, matchHash, passes, shard, turn } = auction
  const isMatched = BigInt(matchHash) !== 0n
  return [
    `Auction ${attempt + 1}: epoch ${epoch}, turn ${turn}, shard ${shard}, ${Math.round(auctionMs)} ms`,
    isMatched ? `  match ${matchHash}` : '  no match',
    ...(failure === undefined ? [] : [`  nobody got the job (${failure.code}): ${failure.detail}`]),
    ...auction.seats.map(seatLine),
    ...bids.map(bidLine),
    ...passes.map(({ code, detail, provider }) => `  pass  ${provider}  ${code} ${detail}`),
  ]
}

function seatLine(seat: JobTranscript['auctions'][0]['seats'][0]): string {
  const { ackMs, bids, code, invited, owner, primary } = seat
  const answer = ackMs === null ? 'no answer' : `answered in ${Math.round(ackMs)} ms`
  const facts = [
    ...(code === undefined ? [] : [code]),
    ...(invited === undefined ? [] : [`${invited} invited`]),
    `${bids} bids`,
    ...(primary ? ['its match was used'] : []),
  ]
  return `  seat  ${owner}  ${answer}, ${facts.join(', ')}`
}

function bidLine(bid: JobTranscript['auctions'][0]['bids'][0]): string {
  const rank = bid.place === undefined ? 'out' : `${bid.place + 1}. ${bid.role ?? ''}`
  const price = bid.price === undefined ? '' : `${formatDuck(BigInt(bid.price))}  `
  return `  bid   ${bid.provider}  ${rank.padEnd(10)} ${price}${bid.why}`
}

function segmentLine(segment: JobTranscript['segments'][0]): string {
  const { failure, fromToken, paid, provider, state, tokens } = segment
  const part = fromToken === 0 ? `${tokens} tokens` : `${tokens} tokens from ${fromToken} on`
  const reason = failure === undefined ? '' : ` (${failure.code})`
  return `  ${segment.segment}  ${provider}  ${state}${reason}, ${part}, ${formatDuck(BigInt(paid))}`
}
