/** Real libp2p hosts on loopback, and pairs of streams, for tests of the wire drivers. */
import { gossipsub } from '@libp2p/gossipsub'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { tcp } from '@libp2p/tcp'
import { streamPair } from '@libp2p/utils'
import { yamux } from '@libp2p/yamux'
import { AssertionError } from 'chai'
import { createLibp2p } from 'libp2p'
import type { GossipSub } from '@libp2p/gossipsub'
import type { Identify } from '@libp2p/identify'
import type { Libp2p, PeerId, Stream } from '@libp2p/interface'
import { gossipOptions } from '../../src/mesh/gossip-options.ts'
import { hostLimits } from '../../src/mesh/host-limits.ts'
import { TEST_NETWORK, peerSeed } from './test-crypto.ts'

export type TestHost = Libp2p<{ identify: Identify; pubsub: GossipSub }>

const running = new Set<TestHost>()

/** A started host whose peer key is `testPeerSigner(label).peerKey`; `stopHosts` ends it. */
export async function testHost(label: string, shards: readonly number[] = [3]): Promise<TestHost> {
  const limits = hostLimits('peer')
  const host = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', peerSeed(label)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux(limits.yamux)],
    connectionManager: limits.connectionManager,
    services: {
      identify: identify(),
      pubsub: gossipsub(gossipOptions({ network: TEST_NETWORK.name, shards, loopback: true })),
    },
  })
  running.add(host)
  return host
}

/** Stops every host of this test. */
export async function stopHosts(): Promise<void> {
  const hosts = [...running]
  running.clear()
  await Promise.all(
    hosts.map(async (host) => {
      await host.stop()
    }),
  )
}

/** Peer id of `testPeerSigner(label)`. */
export async function testPeerId(label: string): Promise<PeerId> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', peerSeed(label)))
}

/** Two connected streams without a network; the first is the dialler's. */
export function testStreams(): Promise<[Stream, Stream]> {
  return streamPair({ delay: 0 })
}

/** Resolves when the host learns the topics of a neighbour. */
export function neighbourJoined(host: TestHost): Promise<void> {
  return new Promise((resolve) => {
    host.services.pubsub.addEventListener('subscription-change', () => {
      resolve()
    })
  })
}

/** Longer than any test of these may take, ms: a poll that outlived its test would keep the process for ever. */
const POLL_MS = 60_000

/** Polls the event loop until `holds`; fails when it never does. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + POLL_MS
  while (!holds()) {
    if (Date.now() >= end) throw new AssertionError(`In ${POLL_MS} ms never: ${holds.toString()}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
