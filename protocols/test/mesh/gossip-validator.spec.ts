import { envelopeBodyCodec, envelopeCodec, peerBindingCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { topicName } from '../../src/mesh/topics.ts'
import {
  CTL_3,
  MeshFixture,
  OFFERS_3,
  impostor,
  modelIn,
  ownerOf,
} from '../support/mesh-fixtures.ts'
import { TEST_NETWORK } from '../support/test-crypto.ts'

describe('gossip validator', () => {
  let mesh: MeshFixture

  beforeEach(async () => {
    mesh = new MeshFixture()
    await mesh.join('duck')
  })

  const otherNetwork = { ...TEST_NETWORK, name: '1-5fbdb231' }
  const brokenBody = async (change: (body: Uint8Array) => void): Promise<Uint8Array> => {
    const envelope = envelopeCodec.decode(await mesh.sealOffer('duck'))
    change(envelope.body)
    return envelopeCodec.encode(envelope)
  }

  const cases: [name: string, verdict: string, topic: string, data: () => Promise<Uint8Array>][] = [
    ['a valid offer', 'accept', OFFERS_3, () => mesh.sealOffer('duck')],
    ['a valid binding', 'accept', CTL_3, () => mesh.sealBinding('duck')],
    ['bytes that are no envelope', 'reject MALFORMED_FRAME', OFFERS_3, () => bytes(200)],
    ['an empty message', 'reject FIELD_OUT_OF_RANGE', OFFERS_3, () => bytes(0)],
    ['an oversize message', 'reject FRAME_TOO_LARGE', OFFERS_3, () => bytes(8_193)],
    [
      'another network',
      'reject WRONG_NETWORK',
      OFFERS_3,
      () => mesh.sealOffer('duck', undefined, { network: otherNetwork }),
    ],
    [
      'a binding on the offers topic',
      'reject WRONG_TOPIC',
      OFFERS_3,
      () => mesh.sealBinding('duck'),
    ],
    ['an offer on the ctl topic', 'reject WRONG_TOPIC', CTL_3, () => mesh.sealOffer('duck')],
    [
      'an offer without a model of the shard',
      'reject WRONG_TOPIC',
      topicName(TEST_NETWORK.name, 'offers', 4),
      () => mesh.sealOffer('duck'),
    ],
    ['a topic that is none', 'reject WRONG_TOPIC', '/x', () => mesh.sealOffer('duck')],
    [
      'a topic of another network',
      'reject WRONG_TOPIC',
      topicName(otherNetwork.name, 'offers', 3),
      () => mesh.sealOffer('duck'),
    ],
    [
      'a signature by another key',
      'reject BAD_SIGNATURE',
      OFFERS_3,
      async () => {
        const signer = impostor('duck', 'fox')
        return mesh.sealOffer('duck', undefined, { signer })
      },
    ],
    [
      'an offer that calls itself a binding',
      'reject MALFORMED_FRAME',
      CTL_3,
      () => mesh.sealOffer('duck', undefined, { type: 'peerBinding' }),
    ],
    [
      'an offer that lives too long',
      'reject FIELD_OUT_OF_RANGE',
      OFFERS_3,
      () => mesh.sealOffer('duck', mesh.offer('duck', { expiryMs: mesh.clock.now() + 30_001 })),
    ],
    [
      'an offer that ended before it was issued',
      'reject FIELD_OUT_OF_RANGE',
      OFFERS_3,
      () => mesh.sealOffer('duck', mesh.offer('duck', { expiryMs: mesh.clock.now() })),
    ],
    [
      'an expired envelope',
      'ignore ENVELOPE_STALE',
      OFFERS_3,
      () => {
        const expiryMs = mesh.clock.now() - 31_000
        const issuedAtMs = mesh.clock.now() - 60_000
        return mesh.sealOffer('duck', mesh.offer('duck', { expiryMs }), { issuedAtMs })
      },
    ],
    [
      'an envelope from 5 001 ms ahead',
      'ignore ENVELOPE_STALE',
      OFFERS_3,
      () => mesh.sealOffer('duck', undefined, { issuedAtMs: mesh.clock.now() + 5_001 }),
    ],
    [
      'an envelope from 5 000 ms ahead',
      'accept',
      OFFERS_3,
      () => {
        const expiryMs = mesh.clock.now() + 30_000
        return mesh.sealOffer('duck', mesh.offer('duck', { expiryMs }), {
          issuedAtMs: mesh.clock.now() + 5_000,
        })
      },
    ],
    [
      'an offer of a peer without known binding',
      'ignore BINDING_UNKNOWN',
      OFFERS_3,
      () => mesh.sealOffer('stranger'),
    ],
    [
      'an offer for a provider that delegated to somebody else',
      'ignore INVALID_PROVIDER',
      OFFERS_3,
      () => mesh.sealOffer('duck', mesh.offer('duck', { provider: ownerOf('goose') })),
    ],
    [
      'a binding of an operator without stake',
      'ignore INVALID_PROVIDER',
      CTL_3,
      () => mesh.sealBinding('stranger'),
    ],
    [
      'a binding that names another peer',
      'reject BINDING_MISMATCH',
      CTL_3,
      async () => {
        const payload = peerBindingCodec.encode(await mesh.binding('duck'))
        return mesh.seal('fox', payload, { type: 'peerBinding' })
      },
    ],
    [
      'a binding that the operator did not sign',
      'reject BAD_SIGNATURE',
      CTL_3,
      async () => {
        const forged = {
          ...(await mesh.binding('fox')),
          operator: (await mesh.binding('duck')).operator,
        }
        return mesh.seal('fox', peerBindingCodec.encode(forged), { type: 'peerBinding' })
      },
    ],
    [
      'a binding for more than 24 h',
      'reject FIELD_OUT_OF_RANGE',
      CTL_3,
      async () => {
        const binding = await mesh.binding('duck', 'duck', mesh.inSeconds(86_400 + 11))
        return mesh.seal('duck', peerBindingCodec.encode(binding), { type: 'peerBinding' })
      },
    ],
    [
      'an expired binding',
      'ignore BINDING_EXPIRED',
      CTL_3,
      async () => {
        const binding = await mesh.binding('duck', 'duck', mesh.inSeconds(0))
        return mesh.seal('duck', peerBindingCodec.encode(binding), { type: 'peerBinding' })
      },
    ],
    [
      'an altered body',
      'reject BAD_SIGNATURE',
      OFFERS_3,
      async () => {
        const envelope = envelopeCodec.decode(await mesh.sealOffer('duck'))
        const body = envelopeBodyCodec.decode(envelope.body)
        return envelopeCodec.encode({
          ...envelope,
          body: envelopeBodyCodec.encode({ ...body, seq: body.seq + 1 }),
        })
      },
    ],
    [
      'a life above 60 s',
      'reject FIELD_OUT_OF_RANGE',
      OFFERS_3,
      async () => {
        const envelope = envelopeCodec.decode(await mesh.sealOffer('duck'))
        const body = envelopeBodyCodec.decode(envelope.body)
        const longer = { ...body, expiryMs: body.issuedAtMs + 60_001 }
        return envelopeCodec.encode({ ...envelope, body: envelopeBodyCodec.encode(longer) })
      },
    ],
    [
      'a newer version',
      'ignore VERSION_UNSUPPORTED',
      OFFERS_3,
      async () => {
        const envelope = envelopeCodec.decode(await mesh.sealOffer('duck'))
        const body = { ...envelopeBodyCodec.decode(envelope.body), version: 2 }
        return envelopeCodec.encode({ ...envelope, body: envelopeBodyCodec.encode(body) })
      },
    ],
    [
      'a peer id that is no Ed25519 key',
      'reject MALFORMED_FRAME',
      OFFERS_3,
      async () => {
        const envelope = envelopeCodec.decode(await mesh.sealOffer('duck'))
        const body = { ...envelopeBodyCodec.decode(envelope.body), peerId: new Uint8Array(38) }
        return envelopeCodec.encode({ ...envelope, body: envelopeBodyCodec.encode(body) })
      },
    ],
  ]

  for (const [name, verdict, topic, data] of cases) {
    it(`${verdict}: ${name}`, async () => {
      expect(await mesh.judge(topic, await data())).to.equal(verdict)
    })
  }

  it('ignores an offer while the chain view is stale, and accepts it later', async () => {
    const data = await mesh.sealOffer('duck')
    mesh.stake.unknown = true
    expect(await mesh.judge(OFFERS_3, data)).to.equal('ignore CHAIN_UNREACHABLE')
    mesh.stake.unknown = false
    expect(await mesh.judge(OFFERS_3, data)).to.equal('accept')
  })

  it('ignores the second copy of an envelope, also on another topic', async () => {
    const models = [3, 4].map((shard) => ({
      ...(mesh.offer('duck').models[0] ?? expect.fail()),
      modelId: modelIn(shard),
    }))
    const data = await mesh.sealOffer('duck', mesh.offer('duck', { models }))
    expect(await mesh.judge(OFFERS_3, data)).to.equal('accept')
    expect(await mesh.judge(OFFERS_3, data)).to.equal('ignore ENVELOPE_REPLAYED')
    const other = topicName(TEST_NETWORK.name, 'offers', 4)
    expect(await mesh.judge(other, data)).to.equal('ignore ENVELOPE_REPLAYED')
  })

  it('accepts only one of many copies that are judged at the same time', async () => {
    const data = await mesh.sealOffer('duck')
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => mesh.judge(OFFERS_3, data)))
    expect(verdicts.filter((verdict) => verdict === 'accept')).to.have.length(1)
    expect(verdicts.filter((verdict) => verdict === 'ignore ENVELOPE_REPLAYED')).to.have.length(4)
  })

  it('does not let a forged envelope use up a sequence number or quota', async () => {
    const signer = impostor('duck', 'fox')
    for (let i = 0; i < 10; i++) {
      const forged = await mesh.sealOffer('duck', undefined, { signer, seq: 5_000 })
      expect(await mesh.judge(OFFERS_3, forged)).to.equal('reject BAD_SIGNATURE')
    }
    const real = await mesh.sealOffer('duck', undefined, { seq: 5_000 })
    expect(await mesh.judge(OFFERS_3, real)).to.equal('accept')
  })

  it('lets three offers through at once, then one a second', async () => {
    const flood = async (count: number): Promise<string[]> => {
      const verdicts: string[] = []
      for (let i = 0; i < count; i++) {
        verdicts.push(await mesh.judge(OFFERS_3, await mesh.sealOffer('duck')))
      }
      return verdicts
    }
    expect(await flood(5)).to.deep.equal([
      'accept',
      'accept',
      'accept',
      'ignore RATE_LIMITED',
      'ignore RATE_LIMITED',
    ])
    mesh.clock.set(mesh.clock.now() + 1_000)
    expect(await flood(2)).to.deep.equal(['accept', 'ignore RATE_LIMITED'])
  })

  it('counts the quota of one peer only against that peer', async () => {
    await mesh.join('goose')
    for (let i = 0; i < 4; i++) await mesh.judge(OFFERS_3, await mesh.sealOffer('duck'))
    expect(await mesh.judge(OFFERS_3, await mesh.sealOffer('goose'))).to.equal('accept')
  })

  it('accepts an offer that comes right behind its binding', async () => {
    mesh.stake.stake('goose')
    const binding = await mesh.sealBinding('goose')
    const offer = await mesh.sealOffer('goose')
    const verdicts = await Promise.all([mesh.judge(CTL_3, binding), mesh.judge(OFFERS_3, offer)])
    expect(verdicts).to.deep.equal(['accept', 'accept'])
  })

  it('ignores the binding of a fourth peer that is no newer than the other three', async () => {
    mesh.stake.stake('op')
    const publish = async (peer: string, expiry: number): Promise<string> => {
      const payload = peerBindingCodec.encode(await mesh.binding(peer, 'op', expiry))
      return mesh.judge(CTL_3, await mesh.seal(peer, payload, { type: 'peerBinding' }))
    }
    for (const peer of ['a', 'b', 'c']) {
      expect(await publish(peer, mesh.inSeconds(1_000))).to.equal('accept')
    }
    expect(await publish('d', mesh.inSeconds(999))).to.equal('ignore PEER_LIMIT')
    const offer = mesh.offer('op')
    expect(await mesh.judge(OFFERS_3, await mesh.sealOffer('d', offer))).to.equal(
      'ignore BINDING_UNKNOWN',
    )
  })

  it('refuses an envelope again after its replay window was forgotten', async () => {
    const data = await mesh.sealOffer('duck')
    expect(await mesh.judge(OFFERS_3, data)).to.equal('accept')
    mesh.clock.set(mesh.clock.now() + 61_000)
    expect(await mesh.judge(OFFERS_3, data)).to.equal('ignore ENVELOPE_STALE')
  })

  it('ignores, never rejects, when a component fails', async () => {
    const data = await mesh.sealOffer('duck')
    mesh.stake.providerOf = () => Promise.reject(new Error('rpc'))
    expect(await mesh.judge(OFFERS_3, data)).to.equal('ignore INTERNAL')
  })

  it('never accepts and never throws on random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (data) => {
        const verdict = await mesh.judge(OFFERS_3, data)
        expect(verdict).to.not.equal('accept')
      }),
      { numRuns: 300 },
    )
  })

  it('never accepts an envelope with any byte of its body changed', async () => {
    const length = envelopeCodec.decode(await mesh.sealOffer('duck')).body.length
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, flip) => {
          const data = await brokenBody((body) => {
            body[at] = (body[at] ?? 0) ^ flip
          })
          expect(await mesh.judge(OFFERS_3, data)).to.not.equal('accept')
        },
      ),
      { numRuns: 60 },
    )
  })

  it('keeps accepting honest offers after a storm of broken ones', async () => {
    for (let i = 0; i < 50; i++) await mesh.judge(OFFERS_3, await bytes(i))
    expect(await mesh.judge(OFFERS_3, await mesh.sealOffer('duck'))).to.equal('accept')
  })
})

function bytes(length: number): Promise<Uint8Array> {
  return Promise.resolve(new Uint8Array(length).fill(0xff))
}
