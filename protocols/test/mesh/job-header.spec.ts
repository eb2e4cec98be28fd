/** Tests: job headers, and every way to refuse one. */
import { bytesToHex, envelopeCodec, limits } from '@duckmesh/proto'
import { expect } from 'chai'
import { checkJobHeader, sealJobHeader } from '../../src/mesh/job-header.ts'
import { structDigest } from '../../src/signed-struct.ts'
import { expectCode } from '../support/expect-code.ts'
import { impostor } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, secret, testCrypto, testPeerSigner } from '../support/test-crypto.ts'
import { MarketFixture } from './support/market-fixture.ts'
import type { ErrorCode } from '../../src/error-codes.ts'
import type { BodyChanges } from '../support/mesh-fixtures.ts'
import type { HeaderChanges } from './support/market-fixture.ts'
import type { Envelope } from '@duckmesh/proto'

describe('job header', () => {
  let mesh: MarketFixture

  beforeEach(() => {
    mesh = new MarketFixture()
  })

  const rules = () => ({
    network: TEST_NETWORK,
    crypto: testCrypto,
    clock: mesh.clock,
    bindings: mesh.bindings,
  })
  const sealer = (label = 'client') => ({
    network: TEST_NETWORK,
    clock: mesh.clock,
    signer: testPeerSigner(label),
  })
  const make = async (changes: HeaderChanges = {}, body?: BodyChanges): Promise<Envelope> =>
    mesh.headerEnvelope('client', await mesh.header('client', changes), body)

  it('comes out as it was sealed, with its job id and the very envelope', async () => {
    const header = await mesh.header('client', { header: { attempt: 3 } })
    const envelope = await sealJobHeader(header, 7, sealer())
    const received = await checkJobHeader(envelope, rules())
    expect(received).to.deep.equal({
      header,
      envelope,
      jobId: structDigest(TEST_NETWORK, 'JobOrder', header.order.order),
      peerKey: testPeerSigner('client').peerKey,
    })
    expect(received.envelope).to.equal(envelope)
  })

  it('holds for a redundant job of 16 members and for a peer bound to a session key', async () => {
    await checkJobHeader(await make({ order: { mode: 0, replicas: 16 } }), rules())
    await checkJobHeader(await make({ payer: 'session key' }), rules())
  })

  it('may be checked again: it comes by stream, by invitation and by gossip', async () => {
    const envelope = await make()
    await checkJobHeader(envelope, rules())
    await checkJobHeader(envelope, rules())
  })

  it('fits 640 bytes with the largest numbers, and a padded one is refused', async () => {
    const header = await mesh.header('client', {
      order: { nonce: Number.MAX_SAFE_INTEGER, maxPrice: 2n ** 96n - 1n, auditBps: 10_000 },
      header: { inBucket: 2 ** 30, maxTokens: 0xffff_ffff, attempt: 0xffff_ffff },
    })
    const envelope = await sealJobHeader(header, Number.MAX_SAFE_INTEGER, sealer())
    const bytes = envelopeCodec.encode(envelope).length
    expect(bytes).to.be.greaterThan(limits.MAX_JOB_HEADER_BYTES - 100)
    expect(bytes).to.be.at.most(limits.MAX_JOB_HEADER_BYTES)
    const padded = { ...envelope, body: new Uint8Array([...envelope.body, ...padding(200)]) }
    await expectCode('FRAME_TOO_LARGE', () => checkJobHeader(padded, rules()))
  })

  const refusals: [name: string, code: ErrorCode, make: () => Promise<Envelope>][] = [
    ['an order of another payer', 'HEADER_INVALID', () => make({ order: { payer: ANY } })],
    [
      'a bucket that is no power of two',
      'HEADER_INVALID',
      () => make({ header: { inBucket: 12 } }),
    ],
    ['a bucket above 2^30', 'HEADER_INVALID', () => make({ header: { inBucket: 2 ** 31 } })],
    ['mode 1 with 2 replicas', 'HEADER_INVALID', () => make({ order: { replicas: 2 } })],
    ['no replica', 'HEADER_INVALID', () => make({ order: { mode: 0, replicas: 0 } })],
    ['17 members', 'HEADER_INVALID', () => make({ order: { mode: 0, replicas: 17 } })],
    ['a mode that is not auctioned', 'NOT_SUPPORTED', () => make({ order: { mode: 2 } })],
    [
      'a deadline before it was issued',
      'HEADER_INVALID',
      () => make({ order: { deadline: mesh.inSeconds(0) } }),
    ],
    [
      'a deadline in more than 1 h',
      'HEADER_INVALID',
      () => make({ order: { deadline: mesh.inSeconds(3_601) } }),
    ],
    [
      'a deadline that passed on its way',
      'JOB_EXPIRED',
      () =>
        make({ order: { deadline: mesh.inSeconds(-1) } }, { issuedAtMs: mesh.clock.now() - 5_000 }),
    ],
    ['a life above 10 s', 'FIELD_OUT_OF_RANGE', () => make({}, { lifeMs: 10_001 })],
    [
      'one that expired',
      'ENVELOPE_STALE',
      () => make({}, { issuedAtMs: mesh.clock.now() - 10_000 }),
    ],
    [
      'one from the future',
      'ENVELOPE_STALE',
      () =>
        make({ order: { deadline: mesh.inSeconds(60) } }, { issuedAtMs: mesh.clock.now() + 5_001 }),
    ],
    ['another type', 'WRONG_TOPIC', () => make({}, { type: 'offer' })],
    [
      'another network',
      'WRONG_NETWORK',
      () => make({}, { network: { ...TEST_NETWORK, name: '1-5fbdb231' } }),
    ],
    [
      'an order signed for another chain',
      'BAD_SIGNATURE',
      () => make({ network: { ...TEST_NETWORK, chainId: 1 } }),
    ],
    [
      'an order that was changed after signing',
      'BAD_SIGNATURE',
      async () => {
        const header = await mesh.header('client')
        const order = { ...header.order.order, maxPrice: 1n }
        return mesh.headerEnvelope('client', { ...header, order: { ...header.order, order } })
      },
    ],
    [
      'a reply key that was swapped in flight',
      'BAD_SIGNATURE',
      async () => {
        const replyKey = bytesToHex(secret('key of the thief'))
        const header = await mesh.header('client', { header: { replyKey } })
        const { sig } = await make()
        const signer = impostor('client', 'thief')
        const signed = await mesh.headerEnvelope('client', header, { signer })
        await expectCode('BAD_SIGNATURE', () => checkJobHeader(signed, rules()))
        return { body: signed.body, sig }
      },
    ],
    [
      "another client's header in an envelope of its own",
      'BINDING_MISMATCH',
      async () => mesh.headerEnvelope('thief', await mesh.header('client')),
    ],
    [
      "another client's binding under an order of its own",
      'HEADER_INVALID',
      async () => {
        const client = await mesh.clientBinding('thief', 'client')
        const header = await mesh.header('thief')
        return mesh.headerEnvelope('thief', { ...header, client })
      },
    ],
    [
      'a binding that the payer did not sign',
      'BAD_SIGNATURE',
      async () => {
        const header = await mesh.header('client')
        const { signature } = await mesh.clientBinding('client', 'thief')
        return mesh.headerEnvelope('client', { ...header, client: { ...header.client, signature } })
      },
    ],
    [
      'an expired binding',
      'BINDING_EXPIRED',
      async () => {
        const header = await mesh.header('client')
        const client = { ...header.client, expiry: mesh.inSeconds(0) }
        return mesh.headerEnvelope('client', { ...header, client })
      },
    ],
  ]
  for (const [name, code, make] of refusals) {
    it(`refuses ${name}: ${code}`, async () => {
      const envelope = await make()
      await expectCode(code, () => checkJobHeader(envelope, rules()))
    })
  }

  it('refuses one byte of it changed, wherever it is', async () => {
    const envelope = await make()
    for (let at = 0; at < envelope.body.length; at += 13) {
      const body = envelope.body.slice()
      body[at] = (body[at] ?? 0) ^ 1
      const error = await checkJobHeader({ ...envelope, body }, rules()).catch((e: unknown) => e)
      expect(error, `byte ${String(at)}`).to.have.property('code')
    }
  })
})

const ANY = '0x00000000000000000000000000000000000000aa'

/** An unknown protobuf field of so many bytes. */
function padding(bytes: number): number[] {
  return [0x9a, 0x06, (bytes & 0x7f) | 0x80, bytes >> 7, ...new Uint8Array(bytes)]
}
