/** Quotas of what staked peers publish (M-31, M-77, M-91). */
import {
  BINDING_BURST,
  BINDING_RATE_PER_S,
  HEARTBEAT_BURST,
  HEARTBEAT_RATE_PER_S,
  NOTICE_BURST,
  NOTICE_RATE_PER_S,
  OFFER_BURST,
  OFFER_RATE_PER_S,
} from './constants.ts'
import { RateLimit } from './rate-limit.ts'
import type { MessageType } from '@duckmesh/proto'

/** Types of which a staked peer publishes a few a second; job headers have quotas of their own. */
export type StakedType = Exclude<MessageType, 'jobHeader'>

/** One quota per type of message, each counted by peer and topic (M-31, M-77, M-91). */
export function stakedQuotas(): Record<StakedType, RateLimit> {
  return {
    offer: new RateLimit({ ratePerS: OFFER_RATE_PER_S, burst: OFFER_BURST }),
    peerBinding: new RateLimit({ ratePerS: BINDING_RATE_PER_S, burst: BINDING_BURST }),
    evidence: new RateLimit({ ratePerS: NOTICE_RATE_PER_S, burst: NOTICE_BURST }),
    heartbeat: new RateLimit({ ratePerS: HEARTBEAT_RATE_PER_S, burst: HEARTBEAT_BURST }),
  }
}
