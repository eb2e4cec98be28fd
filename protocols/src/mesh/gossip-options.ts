import { limits } from '@duckmesh/proto'
import { sha256 } from 'multiformats/hashes/sha2'
import { GOSSIP_SEEN_TTL_MS } from './constants.ts'
import { gossipScore } from './gossip-score.ts'
import { topicsOf } from './topics.ts'
import type { GossipScoreInit } from './gossip-score.ts'
import type { GossipsubOpts, Message } from '@libp2p/gossipsub'

export interface GossipOptionsInit extends GossipScoreInit {
  network: string
  shards: readonly number[]
  /** A seed exchanges peers and gossips to more of them; it publishes nothing itself. */
  role?: 'peer' | 'client' | 'seed'
}

/** Bytes of a message id: 160 bits are far beyond collisions and shorter in every IHAVE. */
const MESSAGE_ID_BYTES = 20

/** First 20 bytes of sha256(topic ‖ data); StrictNoSign leaves nothing else to name a message by (M-60). */
export async function gossipMessageId(message: Message): Promise<Uint8Array> {
  const topic = new TextEncoder().encode(message.topic)
  const bytes = new Uint8Array(topic.length + message.data.length)
  bytes.set(topic)
  bytes.set(message.data, topic.length)
  const { digest } = await sha256.digest(bytes)
  return digest.slice(0, MESSAGE_ID_BYTES)
}

/**
 * What `gossipsub()` gets (M-60 to M-63). Every default that broke something when left alone is set here;
 * reasons and measurements are in docs/spec/mesh.md.
 */
export function gossipOptions(init: GossipOptionsInit): Partial<GossipsubOpts> {
  const topics = topicsOf(init.network, init.shards)
  const seed = init.role === 'seed'
  return {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: gossipMessageId,
    allowedTopics: topics,
    D: 8,
    Dlo: 6,
    Dhi: 12,
    Dscore: 6,
    Dout: 3,
    Dlazy: seed ? 12 : 6,
    doPX: seed,
    floodPublish: !seed,
    seenTTL: GOSSIP_SEEN_TTL_MS,
    mcacheLength: 6,
    mcacheGossip: 3,
    allowPublishToZeroTopicPeers: true,
    // A job header may come by a stream to be forwarded when gossip brought it already.
    ignoreDuplicatePublishError: true,
    runOnLimitedConnection: false,
    ...SIZE_LIMITS,
    ...gossipScore(topics, init),
  }
}

/** Bounds on what one remote can make us hold or parse (M-62). */
const SIZE_LIMITS = {
  // One RPC; an envelope has at most 8 KiB, so a batch of eight fits.
  maxInboundDataLength: 8 * limits.MAX_ENVELOPE_BYTES,
  // What a slow neighbour may have queued before it is skipped.
  maxOutboundBufferSize: 4_194_304,
  // Below 4 KiB IDONTWANT costs more than the copies it saves (35 % of CPU at 600 B).
  idontwantMinDataSize: 4_096,
  // 49 topics exist; each subscription of a peer is charged about 1 KiB.
  maxTopicBytesPerPeer: 131_072,
  decodeRpcLimits: {
    maxSubscriptions: 128,
    maxMessages: 64,
    maxIhaveMessageIDs: 1_000,
    maxIwantMessageIDs: 1_000,
    maxIdontwantMessageIDs: 512,
    maxControlMessages: 64,
    maxPeerInfos: 16,
  },
} satisfies Partial<GossipsubOpts>
