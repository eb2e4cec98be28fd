import type { NetworkIdentity, Offer } from '@duckmesh/protocols'
import { offerCodec } from '@duckmesh/protocols'
import { offerHash } from '@duckmesh/protocols/market'
import { readEnvelope, sealEnvelope } from '@duckmesh/protocols/mesh'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { expect } from 'chai'
import { NodePeerSigner } from '../../src/crypto/index.ts'
import { ownOffer } from '../../src/peer/own-offer.ts'
import { ManualClock } from '../manual-clock.ts'
import { PROVIDER, hexOfDigit } from '../storage/rows.ts'

const NOW = 1_800_000_000_000

describe('ownOffer', () => {
  it('is what others keep of the same envelope', async () => {
    const network: NetworkIdentity = {
      name: `31337-${'ab'.repeat(4)}`,
      chainId: 31_337,
      registry: hexOfDigit('a', 20),
    }
    const clock = new ManualClock(NOW)
    const signer = new NodePeerSigner(await generateKeyPair('Ed25519'))
    const offer: Offer = { provider: PROVIDER, models: [], expiryMs: NOW + 30_000, slots: 4 }
    const draft = { type: 'offer' as const, payload: offerCodec.encode(offer), seq: 9 }
    const envelope = await sealEnvelope(draft, { network, clock, signer })
    const entry = ownOffer(envelope, offer, { network, peerKey: signer.peerKey })
    expect(entry).to.deep.include({
      offer,
      envelope,
      peerKey: signer.peerKey,
      seq: 9,
      issuedAtMs: NOW,
    })
    expect(entry.offerHash).to.equal(offerHash(readEnvelope(envelope, network).body.payload))
  })
})
