import { generateKeyPair } from '@libp2p/crypto/keys'
import { peerIdFromPrivateKey } from '@libp2p/peer-id'
import type { PeerId, PeerStore } from '@libp2p/interface'
import { expect } from 'chai'
import { learnAddresses } from '../../src/host/learn-addresses.ts'

/** A peer store that notes what it is told. */
function noting(): { merged: string[][]; store: Pick<PeerStore, 'merge'> } {
  const merged: string[][] = []
  const merge = (_: PeerId, { multiaddrs = [] }: { multiaddrs?: unknown[] }): Promise<never> => {
    merged.push(multiaddrs.map(String))
    return Promise.resolve(undefined as never)
  }
  return { merged, store: { merge } }
}

describe('learnAddresses', () => {
  let peer: PeerId
  before(async () => {
    peer = peerIdFromPrivateKey(await generateKeyPair('Ed25519'))
  })

  it('keeps the addresses and drops text that is none', async () => {
    const { merged, store } = noting()
    await learnAddresses(store, peer, ['/ip4/127.0.0.1/tcp/1', 'x', '', '/ip4/300.0.0.1/tcp/1'])
    expect(merged).to.deep.equal([['/ip4/127.0.0.1/tcp/1']])
  })

  it('leaves what is known alone when nothing usable is told', async () => {
    const { merged, store } = noting()
    await learnAddresses(store, peer, [])
    await learnAddresses(store, peer, ['nonsense'])
    expect(merged).to.deep.equal([])
  })
})
