import { envelopeBodyCodec, envelopeCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import { openEnvelope, sealEnvelope } from '../../src/mesh/envelope.ts'
import { ReplayWindow } from '../../src/mesh/replay-window.ts'
import { SequenceCounter } from '../../src/mesh/sequence-counter.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { expectCode } from '../support/expect-code.ts'
import { TEST_NETWORK, testCrypto, testPeerSigner } from '../support/test-crypto.ts'

describe('envelope', () => {
  let clock: FakeClock
  const signer = testPeerSigner('duck')
  const payload = new Uint8Array([1, 2, 3])

  beforeEach(() => {
    clock = new FakeClock()
  })

  const seal = (changes = {}) =>
    sealEnvelope(
      { type: 'offer', payload, seq: 7, ...changes },
      { network: TEST_NETWORK, clock, signer },
    )
  const open = (received: Parameters<typeof openEnvelope>[0], replay?: ReplayWindow) =>
    openEnvelope(received, {
      network: TEST_NETWORK,
      crypto: testCrypto,
      clock,
      ...(replay ? { replay } : {}),
    })

  it('opens what was sealed, from bytes or from an envelope', async () => {
    const envelope = await seal()
    const opened = await open(envelopeCodec.encode(envelope))
    expect(opened.peerKey).to.equal(signer.peerKey)
    expect(opened.body).to.include({
      type: 'offer',
      seq: 7,
      network: TEST_NETWORK.name,
      version: 1,
    })
    expect(opened.body.payload).to.deep.equal(payload)
    expect((await open(envelope)).body).to.deep.equal(opened.body)
  })

  it('signs the domain too: a signature over the bare body is none', async () => {
    const { body } = await seal()
    await expectCode('BAD_SIGNATURE', async () => open({ body, sig: await signer.sign(body) }))
  })

  it('verifies the received bytes, not a re-encoding', async () => {
    const envelope = await seal()
    // An unknown field decodes to the same body, but these are not the bytes that were signed.
    const body = Uint8Array.from([...envelope.body, 0x7a, 0x00])
    expect(envelopeBodyCodec.decode(body)).to.deep.equal(envelopeBodyCodec.decode(envelope.body))
    await expectCode('BAD_SIGNATURE', () => open({ ...envelope, body }))
  })

  it('never lives longer than 60 s', async () => {
    const { body } = await seal({ lifeMs: 1_000_000 })
    const { expiryMs, issuedAtMs } = envelopeBodyCodec.decode(body)
    expect(expiryMs - issuedAtMs).to.equal(60_000)
  })

  it('is valid from 5 s before its issue to just before its expiry', async () => {
    const envelope = await seal({ lifeMs: 10_000 })
    const issued = clock.now()
    for (const [at, valid] of [
      [-5_001, false],
      [-5_000, true],
      [9_999, true],
      [10_000, false],
    ] as const) {
      clock.set(issued + at)
      if (valid) await open(envelope)
      else await expectCode('ENVELOPE_STALE', () => open(envelope))
    }
  })

  it('opens once with a replay window and any number of times without', async () => {
    const envelope = await seal()
    const replay = new ReplayWindow()
    await open(envelope, replay)
    await expectCode('ENVELOPE_REPLAYED', () => open(envelope, replay))
    await open(envelope)
    await expectCode('RATE_LIMITED', () => open(envelope, new ReplayWindow({ maxPeers: 0 })))
  })

  it('refuses a payload above the cap when sealing', async () => {
    await expectCode('FIELD_OUT_OF_RANGE', () => seal({ payload: new Uint8Array(4_097) }))
  })

  it('numbers grow over restarts, and over a stored number when the clock went back', () => {
    const first = new SequenceCounter(clock)
    const numbers = [first.next(), first.next(), first.next()]
    clock.set(clock.now() + 10)
    const second = new SequenceCounter(clock)
    expect(second.next()).to.be.greaterThan(numbers[2] ?? 0)
    clock.set(0)
    expect(new SequenceCounter(clock, second.last).next()).to.equal(second.last + 1)
  })
})
