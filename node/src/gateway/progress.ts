/** What an SSE comment says about a job that runs: for people who look, and as a sign of life. */
import type { JobEvent } from '@duckmesh/sdk'

/** Undefined for what nobody needs to see. */
export function progressOf(event: JobEvent): string | undefined {
  switch (event.type) {
    case 'lane':
      return `no seat answered, going ${event.lane}`
    case 'auction': {
      const { auctionMs, bids, failure, seats } = event.auction
      if (failure !== undefined) return `auction found nobody: ${failure.detail}`
      const seat = seats.find(({ primary }) => primary)?.owner ?? 'none'
      return `auction took ${Math.round(auctionMs)} ms: ${bids.length} bids, seat ${seat}`
    }
    case 'award':
      return `segment ${event.segment} awarded to ${event.provider}`
    case 'job':
      return `job ${event.state}`
    case 'state':
      return `segment ${event.segment} ${event.state}`
    case 'receipt': {
      const { last, seq } = event.receipt
      return `segment ${event.segment} receipt ${seq + 1}${last ? ', the last' : ''}`
    }
    case 'segmentEnd': {
      const { failure, provider } = event.outcome
      return failure === undefined ? undefined : `${provider} failed: ${failure.code}`
    }
    default:
      return undefined
  }
}
