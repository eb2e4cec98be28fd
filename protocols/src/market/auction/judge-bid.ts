import { MIN_BID_LIFE_S } from './constants.ts'
import { bidPrice, bidScore, priceCap } from './score.ts'
import type { OpenedBid } from './interface.ts'
import type { JobHeader } from '@duckmesh/proto'

/**
 * Prices an opened bid and decides whether it counts (K-62). Pure: the same for client, winner, seat and bidders.
 *
 * @param turnStartS start of the turn of the match that relays it, unix seconds
 */
export function judgeBid(opened: OpenedBid, header: JobHeader, turnStartS: number): OpenedBid {
  if (opened.code !== undefined || opened.bid === undefined) return opened
  const { bid } = opened.bid
  const price = bidPrice(bid, header)
  const priced = { ...opened, price, score: bidScore(price, bid.etaMs) }
  const cap = priceCap(header)
  if (price > cap) {
    const why = `It asks ${price} wei, the cap is ${cap} wei.`
    return { ...priced, code: 'PRICE_ABOVE_CAP', why }
  }
  const least = Math.min(header.order.order.deadline, turnStartS + MIN_BID_LIFE_S)
  if (bid.expiry < least) {
    return { ...priced, code: 'BID_INVALID', why: 'It expires before the job can be awarded.' }
  }
  return priced
}
