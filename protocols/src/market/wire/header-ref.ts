import { structDigest } from '../../signed-struct.ts'
import { headerIn } from '../auction/seat-record.ts'
import type { NetworkIdentity } from '../../components.ts'
import type { AuctionRef, Envelope } from '@duckmesh/proto'

/**
 * Which auction a header that was refused is about, so that its client can tell. Throws MALFORMED_FRAME when the
 * bytes are no header at all.
 */
export function headerRef(envelope: Envelope, network: NetworkIdentity): AuctionRef {
  const { order, attempt } = headerIn(envelope)
  return { jobId: structDigest(network, 'JobOrder', order.order), attempt }
}
