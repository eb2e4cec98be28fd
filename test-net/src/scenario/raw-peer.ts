/** A peer that follows no rules: libp2p, our codecs and keys, and whatever it is told to send. */
import { generateKeyPair } from '@libp2p/crypto/keys'
import { identify } from '@libp2p/identify'
import type { Ed25519PrivateKey, Libp2p, Stream } from '@libp2p/interface'
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { identityOf, systemClock } from '@duckmesh/sdk'
import type { NetworkConfig } from '@duckmesh/sdk'
import { bytesToHex, lowerHex } from '@duckmesh/protocols'
import type { Clock, Hex, NetworkIdentity, PeerSigner, Rng, Signer } from '@duckmesh/protocols'
import { KAD_PROTOCOL, frameStream, hostLimits, peerKeyOf } from '@duckmesh/protocols/mesh'
import type { FrameStream } from '@duckmesh/protocols/mesh'
import type { Codec } from '@duckmesh/proto'
import { createLibp2p } from 'libp2p'
import type { HDAccount } from 'viem/accounts'

/** One more operation of libp2p, ms: a guard, not something that is tested. */
const GUARD_MS = 15_000

export const rng: Rng = { bytes: (length) => crypto.getRandomValues(new Uint8Array(length)) }

/** An account that signs digests. */
export function signerOf(account: HDAccount): Signer {
  return { address: lowerHex(account.address), signDigest: (hash) => account.sign({ hash }) }
}

const running = new Set<RawPeer>()

/** Stops every peer that still runs, for hooks. */
export async function stopPeers(): Promise<void> {
  await Promise.all([...running].map((peer) => peer.stop()))
}

export class RawPeer {
  readonly host: Libp2p
  readonly network: NetworkIdentity
  readonly clock: Clock = systemClock
  readonly signer: PeerSigner
  /** Where its own record of the network says what others are. */
  readonly config: NetworkConfig

  private constructor(host: Libp2p, key: Ed25519PrivateKey, config: NetworkConfig) {
    this.host = host
    this.config = config
    this.network = identityOf(config)
    this.signer = { peerKey: peerKeyOf(host.peerId), sign: (data) => key.sign(data) }
  }

  /** With a fresh key when none is given. */
  static async start(config: NetworkConfig, key?: Ed25519PrivateKey): Promise<RawPeer> {
    const privateKey = key ?? (await generateKeyPair('Ed25519'))
    const dht = { protocol: KAD_PROTOCOL, clientMode: false, initialQuerySelfInterval: 1 }
    const host = await createLibp2p({
      privateKey,
      addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
      transports: [tcp()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux(hostLimits('peer').yamux)],
      services: {
        identify: identify(),
        ping: ping(),
        dht: kadDHT({ ...dht, peerInfoMapper: passthroughMapper }),
      },
    })
    const peer = new RawPeer(host, privateKey, config)
    running.add(peer)
    return peer
  }

  /** A key for a peer that is registered before its network runs. */
  static async newKey(): Promise<{ key: Ed25519PrivateKey; peerKey: Hex }> {
    const key = await generateKeyPair('Ed25519')
    return { key, peerKey: bytesToHex(key.publicKey.raw) }
  }

  get peerKey(): Hex {
    return this.signer.peerKey
  }

  /** A fresh stream, no hello said. */
  open(address: string, protocol: string): Promise<Stream> {
    return this.host.dialProtocol(multiaddr(address), protocol, {
      signal: AbortSignal.timeout(GUARD_MS),
    })
  }

  async openFrames<T>(address: string, protocol: string, codec: Codec<T>): Promise<FrameStream<T>> {
    return this.framesOf(await this.open(address, protocol), address, codec)
  }

  framesOf<T>(stream: Stream, address: string, codec: Codec<T>): FrameStream<T> {
    const remotePeer = this.host
      .getConnections()
      .find((one) => address.endsWith(`/${one.remotePeer.toString()}`))?.remotePeer
    if (remotePeer === undefined) throw new TypeError(`No connection to ${address}.`)
    return frameStream({ stream, remotePeer, codec, clock: this.clock })
  }

  async stop(): Promise<void> {
    running.delete(this)
    await this.host.stop()
  }
}

/** The next frame; undefined when the stream ended or was reset. */
export async function nextFrame<T>(stream: FrameStream<T>): Promise<T | undefined> {
  try {
    const next = await stream[Symbol.asyncIterator]().next()
    return next.done === true ? undefined : next.value
  } catch {
    return undefined
  }
}
