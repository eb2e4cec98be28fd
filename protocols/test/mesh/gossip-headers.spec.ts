/** Attacks on the `jobs` topic. */
import { bytesToHex, envelopeBodyCodec, envelopeCodec, jobHeaderCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { topicName } from '../../src/mesh/topics.ts'
import { OFFERS_3, modelIn } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, secret, testPeerSigner, testSigner } from '../support/test-crypto.ts'
import { DUCK, JOBS_3, MarketFixture } from './support/market-fixture.ts'
import type { Hex } from '@duckmesh/proto'

describe('gossip validator: job headers', () => {
  let mesh: MarketFixture

  beforeEach(() => {
    mesh = new MarketFixture()
    mesh.fund('client', 20n * DUCK)
  })

  /** Headers of one order: the attempt makes each another one. */
  async function series(peer: string, count: number, payer = peer): Promise<Uint8Array[]> {
    const header = await mesh.header(peer, { payer })
    const sealed: Uint8Array[] = []
    for (let attempt = 0; attempt < count; attempt++) {
      sealed.push(await mesh.sealHeader(peer, { ...header, attempt }))
    }
    return sealed
  }

  /** How many of them are accepted, and the other verdicts. */
  async function tally(messages: readonly Uint8Array[], neighbour = 'n'): Promise<string[]> {
    const verdicts: string[] = []
    for (const data of messages) verdicts.push(await mesh.verdict(JOBS_3, data, neighbour))
    return verdicts
  }
  const accepted = (verdicts: readonly string[]): number =>
    verdicts.filter((verdict) => verdict === 'accept').length

  it('accepts the header of a funded client, with the job id and the envelope as it came', async () => {
    const data = await mesh.sealHeader('client')
    const verdict = await mesh.gossip.validate(JOBS_3, data)
    if (verdict.verdict !== 'accept') expect.fail(verdict.code)
    expect(verdict.header?.header).to.deep.equal(await mesh.header('client'))
    expect(verdict.header?.envelope).to.deep.equal(envelopeCodec.decode(data))
    expect(verdict.header?.peerKey).to.equal(testPeerSigner('client').peerKey)
  })

  const cases: [name: string, verdict: string, make: () => Promise<Uint8Array>, topic?: string][] =
    [
      [
        'a client that the chain does not know',
        'ignore UNFUNDED',
        () => mesh.sealHeader('stranger'),
      ],
      [
        'a client with less than 10 DUCK',
        'ignore UNFUNDED',
        () => {
          mesh.fund('poor', 10n * DUCK - 1n)
          return mesh.sealHeader('poor')
        },
      ],
      [
        'anybody while the chain view is stale',
        'ignore CHAIN_UNREACHABLE',
        () => {
          mesh.blind = true
          return mesh.sealHeader('client')
        },
      ],
      [
        'a model of another shard',
        'reject WRONG_TOPIC',
        () => mesh.sealHeader('client'),
        topicName(TEST_NETWORK.name, 'jobs', 4),
      ],
      ['a header among offers', 'reject WRONG_TOPIC', () => mesh.sealHeader('client'), OFFERS_3],
      ['an offer among headers', 'reject WRONG_TOPIC', () => mesh.sealOffer('client')],
      [
        "another client's binding",
        'reject BINDING_MISMATCH',
        async () => mesh.sealHeader('thief', await mesh.header('client')),
      ],
      [
        'a binding that binds the thief to a funded payer whose order it does not have',
        'reject HEADER_INVALID',
        async () => {
          const client = await mesh.clientBinding('thief', 'client')
          return mesh.sealHeader('thief', { ...(await mesh.header('thief')), client })
        },
      ],
      [
        'a payer that it is not, with a binding that the payer did not sign',
        'reject BAD_SIGNATURE',
        async () => {
          const { order } = await mesh.header('client')
          const own = await mesh.clientBinding('thief')
          const client = { ...own, payer: testSigner('client').address }
          return mesh.sealHeader('thief', { ...(await mesh.header('thief')), order, client })
        },
      ],
      [
        'a contradiction with its order',
        'reject HEADER_INVALID',
        async () =>
          mesh.sealHeader('client', await mesh.header('client', { order: { replicas: 3 } })),
      ],
      [
        'a mode of a later version',
        'ignore NOT_SUPPORTED',
        async () => mesh.sealHeader('client', await mesh.header('client', { order: { mode: 3 } })),
      ],
      [
        'one that expired',
        'ignore ENVELOPE_STALE',
        () => mesh.sealHeader('client', undefined, { issuedAtMs: mesh.clock.now() - 10_000 }),
      ],
      ['bytes', 'reject MALFORMED_FRAME', () => Promise.resolve(new Uint8Array(100))],
    ]
  for (const [name, expected, make, topic = JOBS_3] of cases) {
    it(`${expected}: ${name}`, async () => {
      expect(await mesh.verdict(topic, await make())).to.equal(expected)
    })
  }

  it('rejects a header altered in flight: the reply key swapped under the old signature', async () => {
    const envelope = await mesh.headerEnvelope('client')
    const body = envelopeBodyCodec.decode(envelope.body)
    const header = jobHeaderCodec.decode(body.payload)
    const swapped = { ...header, replyKey: bytesToHex(secret('key of the relay')) }
    const altered = envelopeBodyCodec.encode({ ...body, payload: jobHeaderCodec.encode(swapped) })
    const data = envelopeCodec.encode({ body: altered, sig: envelope.sig })
    expect(await mesh.verdict(JOBS_3, data)).to.equal('reject BAD_SIGNATURE')
    // The forgery used up nothing of the client.
    expect(await mesh.verdict(JOBS_3, envelopeCodec.encode(envelope))).to.equal('accept')
  })

  it('ignores a replayed header, also when many others came between', async () => {
    const [first, ...others] = await series('client', 10)
    if (first === undefined) expect.fail()
    expect(await mesh.verdict(JOBS_3, first)).to.equal('accept')
    expect(accepted(await tally(others))).to.equal(9)
    expect(await mesh.verdict(JOBS_3, first)).to.equal('ignore ENVELOPE_REPLAYED')
  })

  it('takes one of two copies that are checked at the same time', async () => {
    const data = await mesh.sealHeader('client')
    const verdicts = await Promise.all([1, 2, 3].map(() => mesh.verdict(JOBS_3, data)))
    expect(verdicts.sort()).to.deep.equal([
      'accept',
      'ignore ENVELOPE_REPLAYED',
      'ignore ENVELOPE_REPLAYED',
    ])
  })

  it('ignores a host without a view of the chain: nothing is taken on trust', async () => {
    expect(await mesh.judge(JOBS_3, await mesh.sealHeader('client'))).to.equal(
      'ignore CHAIN_UNREACHABLE',
    )
  })

  describe('floods', () => {
    it('of one payer are bounded by its funds, and end when its quota is back', async () => {
      const verdicts = await tally(await series('client', 30))
      expect(accepted(verdicts)).to.equal(20)
      expect(new Set(verdicts.slice(20))).to.deep.equal(new Set(['ignore RATE_LIMITED']))
      mesh.clock.set(mesh.clock.now() + 1_000)
      expect(accepted(await tally(await series('client', 5)))).to.equal(2)
    })

    it('of one payer over many peers count together', async () => {
      const all = []
      for (let i = 0; i < 5; i++) all.push(...(await series(`peer ${String(i)}`, 6, 'client')))
      expect(accepted(await tally(all))).to.equal(20)
    })

    it('of one peer over many payers are bounded by the peer', async () => {
      const all: Uint8Array[] = []
      for (let i = 0; i < 12; i++) {
        mesh.fund(`payer ${String(i)}`, 10n * DUCK)
        all.push(...(await series('client', 10, `payer ${String(i)}`)))
      }
      expect(accepted(await tally(all))).to.equal(100)
    })

    it('of forged headers use up nothing of the payer they name', async () => {
      const header = await mesh.header('client')
      const replyKey = bytesToHex(secret('flood'))
      const forged = await Promise.all(
        Array.from({ length: 40 }, async (_, attempt) => {
          const signer = { ...testPeerSigner('thief'), peerKey: testPeerSigner('client').peerKey }
          return mesh.sealHeader('client', { ...header, replyKey, attempt }, { signer })
        }),
      )
      const verdicts = await tally(forged)
      expect(new Set(verdicts)).to.deep.equal(new Set(['reject BAD_SIGNATURE']))
      expect(accepted(await tally(await series('client', 30)))).to.equal(20)
    })

    it('of payers without funds end at the neighbour: it is not heard, others are', async () => {
      const headers = await series('stranger', 200)
      const verdicts = await tally(headers, 'flooder')
      expect(verdicts.filter((verdict) => verdict === 'ignore UNFUNDED')).to.have.length(20)
      expect(verdicts.slice(20).every((verdict) => verdict === 'ignore RATE_LIMITED')).to.equal(
        true,
      )
      expect(mesh.asked).to.equal(20)
      const good = await mesh.sealHeader('client')
      expect(await mesh.verdict(JOBS_3, good, 'flooder')).to.equal('ignore RATE_LIMITED')
      expect(await mesh.verdict(JOBS_3, good, 'honest')).to.equal('accept')
      mesh.clock.set(mesh.clock.now() + 2_000)
      const later = await mesh.sealHeader('client')
      expect(await mesh.verdict(JOBS_3, later, 'flooder')).to.equal('accept')
    })

    it('of one neighbour are bounded, whoever the payers are', async () => {
      const data = await mesh.sealHeader('client')
      // The same bytes again and again: each is counted, none but the first is accepted.
      const verdicts = await tally(Array.from({ length: 500 }, () => data))
      expect(accepted(verdicts)).to.equal(1)
      expect(verdicts.filter((verdict) => verdict === 'ignore RATE_LIMITED')).to.have.length(100)
    })

    it('leave the quotas and windows of offers alone', async () => {
      await mesh.join('duck')
      await tally(await series('client', 30))
      const offer = await mesh.sealOffer('duck')
      expect(await mesh.verdict(OFFERS_3, offer)).to.equal('accept')
    })
  })

  it('never throws and never accepts what was bent, whatever is bent', async () => {
    mesh.fund('client', 10_000n * DUCK)
    const original = await mesh.sealHeader('client')
    const edits = fc.array(
      fc.tuple(fc.nat({ max: original.length - 1 }), fc.integer({ min: 1, max: 255 })),
      { minLength: 1, maxLength: 4 },
    )
    let n = 0
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const data = original.slice()
        for (const [at, mask] of changes) data[at] = (data[at] ?? 0) ^ mask
        const changed = data.some((byte, i) => byte !== original[i])
        const verdict = await mesh.verdict(JOBS_3, data, `neighbour ${String(n++)}`)
        expect(verdict).to.be.a('string')
        if (changed) expect(verdict).to.not.equal('accept')
      }),
      { numRuns: 300 },
    )
  })

  it('never throws on fields of any value in a well-formed envelope', async () => {
    const header = await mesh.header('client')
    const uint32 = fc.integer({ min: 1, max: 0xffff_ffff })
    const key = fc
      .uint8Array({ minLength: 32, maxLength: 32 })
      .map((bytes): Hex => bytesToHex(bytes))
    const fields = fc.record({
      inBucket: uint32,
      maxTokens: uint32,
      attempt: uint32,
      replyKey: key,
      mode: fc.integer({ min: 0, max: 255 }),
      replicas: fc.integer({ min: 0, max: 255 }),
      deadline: fc.maxSafeNat(),
      modelId: fc.constantFrom(modelIn(3), modelIn(9)),
    })
    let n = 0
    await fc.assert(
      fc.asyncProperty(fields, async ({ mode, replicas, deadline, modelId, ...rest }) => {
        const order = { ...header.order.order, mode, replicas, deadline, modelId }
        const bent = { ...header, ...rest, order: { ...header.order, order } }
        const data = await mesh.sealHeader('client', bent)
        const verdict = await mesh.verdict(JOBS_3, data, `neighbour ${String(n++)}`)
        expect(verdict).to.match(/^(ignore|reject) [A-Z_]+$/)
        expect(verdict).to.not.include('INTERNAL')
      }),
      { numRuns: 200 },
    )
  })
})
