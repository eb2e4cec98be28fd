import type { Hex } from '@duckmesh/protocols'
import { OfferBook } from '@duckmesh/protocols/market'
import type { BookEntry } from '@duckmesh/protocols/market'
import { peerKeyOf } from '@duckmesh/protocols/mesh'
import { generateKeyPair } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { expect } from 'chai'
import { GossipDirectory } from '../../src/peer/seat-directory.ts'
import { ManualClock } from '../manual-clock.ts'
import { PAYER, PROVIDER, hexOfDigit } from '../storage/rows.ts'

const SELF = { provider: PROVIDER, peerKey: hexOfDigit('7', 32) }

function addressesOf(ports: number): string[] {
  return Array.from({ length: ports }, (_, n) => `/ip4/127.0.0.1/tcp/${n + 1}`)
}

function offerOf(provider: Hex, peerKey: Hex): BookEntry {
  return {
    offer: { provider, models: [], expiryMs: 30_000, slots: 4 },
    peerKey,
    offerHash: hexOfDigit('0', 32),
    envelope: { body: new Uint8Array(), sig: new Uint8Array() },
    issuedAtMs: 0,
    seq: 1,
  }
}

describe('GossipDirectory', () => {
  let peers: PeerId[]
  before(async () => {
    const keys = await Promise.all([1, 2].map(() => generateKeyPair('Ed25519')))
    peers = keys.map(peerIdFromPrivateKey)
  })

  function directoryOf(known: ReadonlyMap<string, string[]> = new Map()) {
    const clock = new ManualClock()
    const offers = new OfferBook()
    const get = (peer: PeerId): Promise<never> => {
      const addresses = known.get(peer.toString())
      if (addresses === undefined) return Promise.reject(new Error('not found'))
      const stored = addresses.map((text) => ({ multiaddr: multiaddr(text), isCertified: false }))
      return Promise.resolve({ addresses: stored } as never)
    }
    const host = {
      getMultiaddrs: () => addressesOf(6).map((text) => multiaddr(text)),
      peerStore: { get },
    }
    return { clock, directory: new GossipDirectory({ clock, host, offers, self: SELF }), offers }
  }

  it('tells of itself where it listens, four addresses at most', async () => {
    const { directory } = directoryOf()
    expect(await directory.peerOf(PROVIDER)).to.deep.equal({
      peerKey: SELF.peerKey,
      addresses: addressesOf(4),
    })
  })

  it('tells the peer that beat for an owner, and what is known of its addresses', async () => {
    const [peer] = peers
    const { directory } = directoryOf(new Map([[peer!.toString(), addressesOf(6)]]))
    expect(await directory.peerOf(PAYER)).to.equal(undefined)
    directory.learn(PAYER, peerKeyOf(peer!))
    const found = await directory.peerOf(PAYER)
    expect(found).to.deep.equal({ peerKey: peerKeyOf(peer!), addresses: addressesOf(4) })
  })

  it('tells the peer also when nobody knows where it listens', async () => {
    const { directory } = directoryOf()
    directory.learn(PAYER, peerKeyOf(peers[0]!))
    const found = await directory.peerOf(PAYER)
    expect(found).to.deep.equal({ peerKey: peerKeyOf(peers[0]!), addresses: [] })
  })

  it('believes the signed offer before a heartbeat, while it lives', async () => {
    const { clock, directory, offers } = directoryOf()
    const [old, now] = peers.map(peerKeyOf)
    directory.learn(PAYER, old!)
    offers.put(offerOf(PAYER, now!), 0)
    expect((await directory.peerOf(PAYER))?.peerKey).to.equal(now)
    clock.advance(30_000)
    expect((await directory.peerOf(PAYER))?.peerKey).to.equal(old)
  })

  it('remembers 1 024 owners: the one unheard for longest goes', async () => {
    const { directory } = directoryOf()
    const ownerOf = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
    const key = peerKeyOf(peers[0]!)
    for (let n = 0; n < 1_024; n += 1) directory.learn(ownerOf(n), key)
    directory.learn(ownerOf(0), key)
    directory.learn(ownerOf(1_024), key)
    expect(await directory.peerOf(ownerOf(1))).to.equal(undefined)
    expect(await directory.peerOf(ownerOf(0))).to.not.equal(undefined)
  })
})
