/** Opens the bids of a held auction when its job is over, and pays the seat (K-80). */
import type { Hex } from '@duckmesh/protocols'
import type { JobOutcome } from '@duckmesh/protocols/dispatch'
import type { Auctioneer } from '@duckmesh/protocols/market'
import type { ServicePayer } from '@duckmesh/protocols/settlement'
import type { JobTranscript } from '../store/transcripts.ts'
import type { HeldAuction } from './auction-lane.ts'

/** An auction with what became of its awards; without an outcome nothing was awarded. */
export interface HeldAwards {
  held: HeldAuction
  outcome?: JobOutcome
}

export interface OpenBidsComponents {
  auctioneer: Pick<Auctioneer, 'sendOpenings'>
  service: Pick<ServicePayer, 'pay'>
}

/** Sends the openings to every seat that ran it. Resolves to the fee when one was signed; never rejects. */
export async function openBids(
  { auctioneer, service }: OpenBidsComponents,
  { held, outcome }: HeldAwards,
): Promise<JobTranscript['fee']> {
  let fee: JobTranscript['fee']
  const winners = winnersOf(held, outcome)
  await auctioneer.sendOpenings(held.result, winners, outcome?.paid ?? 0n, async (seat, amount) => {
    const voucher = await service.pay(seat, amount)
    fee = { seat, amount: `${amount}` }
    return voucher
  })
  return fee
}

/**
 * Who had the turn at each segment, up to the last that was used: place p has segment p of its auction (K-66). One
 * that was passed over, for example as too dear for what was left, keeps its line: else the next would be early.
 */
function winnersOf({ places }: HeldAuction, outcome: JobOutcome | undefined): Hex[] {
  const used = new Set(outcome?.segments.map(({ provider }) => provider))
  const last = places.findLastIndex(({ provider }) => used.has(provider))
  return places.slice(0, last + 1).map(({ provider }) => provider)
}
