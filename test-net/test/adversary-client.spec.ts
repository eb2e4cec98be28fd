import { expect } from 'chai'
import * as lp from 'it-length-prefixed'
import type { AwardFrame, Codec, Hello } from '@duckmesh/proto'
import { capsFrameCodec, jobFrameCodec } from '@duckmesh/protocols'
import type { JobFrame, Receipt } from '@duckmesh/protocols'
import { signAward, signOrder } from '@duckmesh/protocols/dispatch'
import {
  CAPS_PROTOCOL,
  JOB_PROTOCOL,
  buildHello,
  signClientBinding,
} from '@duckmesh/protocols/mesh'
import type { FrameStream } from '@duckmesh/protocols/mesh'
import { account } from '../src/chain/accounts.ts'
import { TestNet, stopNets } from './support/devnets.ts'
import { RawClient, addressOf, inSeconds } from './support/raw-client.ts'
import { RawPeer, nextFrame, rng, signerOf, stopPeers } from './support/raw-peer.ts'
import { until } from './support/until.ts'

/** Of anvil's funded accounts, one that no role of the local network uses. */
const PAYER = account(8)

describe('a provider against clients that follow no rules', function () {
  this.timeout(120_000)
  let world: TestNet
  let peer: RawPeer
  let client: RawClient
  let provider: string

  before(async () => {
    // Streams that end are told at debug level, with the code.
    process.env['DUCKMESH_LOG_LEVEL'] = 'debug'
    world = await TestNet.start()
    delete process.env['DUCKMESH_LOG_LEVEL']
    await world.net.funder.fundPayer(PAYER, world.net.providers)
    provider = addressOf(world.net.provider.child.lastReady?.['addresses'])
    peer = await RawPeer.start(world.net.network)
    client = await RawClient.start(peer, PAYER, provider)
  })
  after(async () => {
    delete process.env['DUCKMESH_LOG_LEVEL']
    await stopPeers()
    await stopNets()
  })

  /** The code with which the provider ends the stream that `act` makes. */
  async function streamEnd(event: string, act: () => Promise<void>): Promise<string> {
    const from = world.logs.length
    await act()
    return until('the provider ended the stream', () => {
      const lines = world.logs
        .slice(from)
        .map(({ line }) => JSON.parse(line) as { event: string; code: string })
      return lines.find((line) => line.event === event)?.code
    })
  }

  /** Everything until the stream ends. */
  async function drain<T>(frames: FrameStream<T>): Promise<T[]> {
    const all: T[] = []
    for (let frame = await nextFrame(frames); frame !== undefined; frame = await nextFrame(frames))
      all.push(frame)
    return all
  }

  async function sendBytes(protocol: string, bytes: Uint8Array): Promise<void> {
    const stream = await peer.open(provider, protocol)
    stream.send(bytes)
    await stream.close().catch(() => undefined)
  }

  async function greet(protocol: string, hello: Hello): Promise<void> {
    const frame = { kind: 'hello' as const, hello }
    if (protocol === JOB_PROTOCOL) return say(jobFrameCodec, protocol, frame)
    return say(capsFrameCodec, protocol, frame)
  }

  /** Sends one frame on a fresh stream and reads until it ends. */
  async function say<T>(codec: Codec<T>, protocol: string, frame: T): Promise<void> {
    const frames = await peer.openFrames(provider, protocol, codec)
    await frames.send(frame)
    await drain(frames)
  }

  for (const [name, protocol, event] of [
    ['job', JOB_PROTOCOL, 'job.stream_ended'],
    ['caps', CAPS_PROTOCOL, 'market.caps_ended'],
  ] as const) {
    describe(`malformed frames on ${name}`, () => {
      it('ends streams of random bytes', async () => {
        const codes = new Set<string>()
        for (let n = 0; n < 15; n++) {
          const bytes = rng.bytes(1 + n * 7)
          codes.add(await streamEnd(event, () => sendBytes(protocol, bytes)))
        }
        const possible = [
          'MALFORMED_FRAME',
          'FRAME_TOO_LARGE',
          'FIELD_OUT_OF_RANGE',
          'UNEXPECTED_FRAME',
        ]
        expect([
          ...possible,
          'VERSION_UNSUPPORTED',
          'WRONG_NETWORK',
          'STREAM_CLOSED',
        ]).to.include.members([...codes])
      })

      it('refuses a frame above the cap by its length prefix alone', async () => {
        const announced = Uint8Array.of(0xff, 0xff, 0xff, 0x7f)
        expect(await streamEnd(event, () => sendBytes(protocol, announced))).to.equal(
          'FRAME_TOO_LARGE',
        )
      })

      it('refuses a length prefix that never ends, and a stream that ends inside a frame', async () => {
        const endless = new Uint8Array(16).fill(0xff)
        expect(await streamEnd(event, () => sendBytes(protocol, endless))).to.equal(
          'MALFORMED_FRAME',
        )
        const cut = Uint8Array.of(100, 1, 2, 3)
        expect(await streamEnd(event, () => sendBytes(protocol, cut))).to.equal('MALFORMED_FRAME')
      })

      it('refuses hellos of another network, version or time', async () => {
        const hello = await client.hello()
        const ends = (over: Partial<Hello>): Promise<string> =>
          streamEnd(event, () => greet(protocol, { ...hello, ...over }))
        expect(await ends({ network: '1-00000000' })).to.equal('WRONG_NETWORK')
        expect(await ends({ version: 2 })).to.equal('VERSION_UNSUPPORTED')
        const expired = await client.hello({}, inSeconds(-60))
        expect(await streamEnd(event, () => greet(protocol, expired))).to.equal('BINDING_EXPIRED')
      })

      it('refuses bindings of another peer or another signer', async () => {
        const { network } = peer
        const expiry = inSeconds(3_600)
        const signer = signerOf(PAYER)
        const ours = await signClientBinding({ peerKey: peer.peerKey, expiry }, { network, signer })
        const theirs = await signClientBinding(
          { peerKey: client.quote.offerHash, expiry },
          { network, signer },
        )
        const wrong = async (binding: typeof ours): Promise<string> =>
          streamEnd(event, () => greet(protocol, { ...buildHello(network, { client: binding }) }))
        expect(await wrong(theirs)).to.equal('BINDING_MISMATCH')
        expect(await wrong({ ...ours, payer: signerOf(account(1)).address })).to.equal(
          'BAD_SIGNATURE',
        )
      })
    })
  }

  it('takes no job stream without a binding, and nothing before the hello', async () => {
    const code = await streamEnd('job.stream_ended', () =>
      greet(JOB_PROTOCOL, buildHello(peer.network, {})),
    )
    expect(code).to.equal('BINDING_UNKNOWN')
    const ping = { kind: 'ping' as const, ping: { nonce: 1, pong: false } }
    const early = await streamEnd('job.stream_ended', () => say(jobFrameCodec, JOB_PROTOCOL, ping))
    expect(early).to.equal('UNEXPECTED_FRAME')
  })

  it('ends a caps stream that sends answers or floods it', async () => {
    const ended = (
      frame: (n: number) => Parameters<typeof capsFrameCodec.encode>[0],
      count: number,
    ): Promise<string> =>
      streamEnd('market.caps_ended', async () => {
        const frames = await peer.openFrames(provider, CAPS_PROTOCOL, capsFrameCodec)
        await frames.send({ kind: 'hello', hello: buildHello(peer.network, {}) })
        for (let n = 0; n < count; n++) await frames.send(frame(n)).catch(() => undefined)
        await drain(frames)
      })
    const response = { inFlight: 0, slots: 1, stepMs: 0 }
    expect(await ended((id) => ({ kind: 'response', response: { ...response, id } }), 1)).to.equal(
      'UNEXPECTED_FRAME',
    )
    expect(
      await ended((id) => ({ kind: 'request', request: { id, withRecord: true } }), 400),
    ).to.equal('RATE_LIMITED')
  })

  describe('awards', () => {
    let frames: FrameStream<JobFrame>

    beforeEach(async () => {
      frames = await client.session()
    })
    afterEach(async () => {
      await frames.close()
    })

    /** The code of the refusal that answers the award. */
    async function refusal(award: AwardFrame): Promise<string> {
      await frames.send({ kind: 'award', award })
      const answer = await nextFrame(frames)
      return answer?.kind === 'refuse' ? answer.refuse.code : (answer?.kind ?? 'the stream ended')
    }

    it('refuses a stale or invented price', async () => {
      const award = await client.award()
      const { priceOut } = award
      expect(await refusal({ ...award, priceOut: priceOut - 1n })).to.equal('PRICE_MISMATCH')
      const { network } = peer
      const { award: inner } = award.award
      const invented = { ...inner, bidHash: inner.jobId, prefixIds: [] }
      const other = await signAward(client.payer, network, invented)
      expect(await refusal({ ...award, award: other })).to.equal('PRICE_MISMATCH')
    })

    it('refuses what the payer did not sign, and orders of somebody else', async () => {
      const award = await client.award()
      const { order } = award
      expect(
        await refusal({ ...award, order: { ...order, signature: award.award.signature } }),
      ).to.equal('BAD_SIGNATURE')
      expect(
        await refusal({ ...award, award: { ...award.award, signature: order.signature } }),
      ).to.equal('BAD_SIGNATURE')
      const { modelId, specHash, maxPrice, deadline, nonce } = order.order
      const fields = { modelId, specHash, maxPrice, deadline, nonce }
      const foreign = await signOrder(signerOf(account(1)), peer.network, rng, fields)
      expect(await refusal({ ...award, order: foreign })).to.equal('AWARD_INVALID')
    })

    it('refuses an order past its deadline, and one that is sealed to nobody', async () => {
      expect(await refusal(await client.award({ deadline: inSeconds(-1) }))).to.equal('JOB_EXPIRED')
      const award = await client.award()
      const ciphertext = award.spec.ciphertext.map((byte) => byte ^ 1)
      expect(await refusal({ ...award, spec: { ...award.spec, ciphertext } })).to.equal(
        'AWARD_INVALID',
      )
    })

    it('refuses an award that pays nothing, too little, what is paid already, or more than is allotted', async () => {
      const { voucher, ...unpaid } = await client.award()
      if (voucher === undefined) throw new TypeError('The award has no voucher.')
      expect(await refusal(unpaid)).to.equal('PAYMENT_MISSING')
      expect(
        await refusal({ ...unpaid, voucher: { ...voucher, amount: voucher.amount - 1n } }),
      ).to.equal('PAYMENT_MISSING')

      const { jobId } = voucher
      const above = await client.voucher(jobId, voucher.amount, 1_000_000n * 10n ** 18n)
      expect(await refusal({ ...unpaid, voucher: above })).to.equal('ALLOTMENT_EXCEEDED')

      const next = await client.award()
      const paid = await client.voucher(next.award.award.jobId, next.voucher?.amount ?? 0n, 0n)
      const zero = { ...paid.voucher.voucher, cumulative: 0n }
      const nothing = { ...paid, voucher: { ...paid.voucher, voucher: zero } }
      expect(await refusal({ ...next, voucher: nothing })).to.equal('VOUCHER_INVALID')
    })

    it('serves an award once: the same one again is refused and runs nothing', async () => {
      const award = await client.award({ maxTokens: 5 })
      await frames.send({ kind: 'award', award })
      const kinds: string[] = []
      for (let last = false; !last;) {
        const frame = await nextFrame(frames)
        if (frame === undefined) throw new TypeError('The stream ended.')
        kinds.push(frame.kind)
        last = frame.kind === 'receipt' && frame.receipt.receipt.receipt.last
      }
      expect(kinds[0]).to.equal('accept')
      client.took(award.voucher)
      expect(await refusal(award)).to.equal('SEGMENT_USED')
      const again = await client.session()
      await again.send({ kind: 'award', award })
      const answer = await nextFrame(again)
      expect(answer).to.have.nested.property('refuse.code', 'SEGMENT_USED')
      await again.close()
    })

    /** Cancels and gives the tokens of its last receipt: those that ran after the receipts before. */
    async function ranUnpaid(jobId: AwardFrame['award']['award']['jobId']): Promise<number> {
      await frames.send({ kind: 'cancel', cancel: { jobId, segment: 0, reason: 'CANCELLED' } })
      for (;;) {
        const receipt = await nextReceipt(frames)
        if (receipt.last) return receipt.tokensOut
      }
    }

    /** Starts a job of several steps and waits until the first one is receipted. */
    async function firstStep(): Promise<AwardFrame['award']['award']['jobId']> {
      const award = await client.award({ maxTokens: 200 })
      await frames.send({ kind: 'award', award })
      expect(await nextReceipt(frames)).to.include({ seq: 0, tokensOut: 64, last: false })
      client.took(award.voucher)
      return award.award.award.jobId
    }

    it('runs no further step for a client that stops paying', async () => {
      const jobId = await firstStep()
      for (let nonce = 1; nonce <= 20; nonce++) await pong(frames, nonce)
      expect(await ranUnpaid(jobId)).to.equal(0)
    })

    it('runs no further step for half of its price, nor for the same voucher under a higher amount', async () => {
      const jobId = await firstStep()
      const price = client.stepPrice(64)
      const half = await client.voucher(jobId, price / 2n)
      await frames.send({ kind: 'voucher', voucher: half })
      client.took(half)
      await frames.send({ kind: 'voucher', voucher: { ...half, amount: price } })
      for (let nonce = 1; nonce <= 20; nonce++) await pong(frames, nonce)
      expect(await ranUnpaid(jobId)).to.equal(0)
    })

    it('runs exactly one further step for its full price', async () => {
      const jobId = await firstStep()
      const voucher = await client.voucher(jobId, client.stepPrice(64))
      await frames.send({ kind: 'voucher', voucher })
      client.took(voucher)
      expect(await nextReceipt(frames)).to.include({ seq: 1, tokensOut: 64, last: false })
      for (let nonce = 1; nonce <= 20; nonce++) await pong(frames, nonce)
      expect(await ranUnpaid(jobId)).to.equal(0)
    })

    it('survives awards with flipped bits', async () => {
      const bytes = jobFrameCodec.encode({ kind: 'award', award: await client.award() })
      for (let n = 0; n < 25; n++) {
        const at = Math.floor((n * bytes.length) / 25)
        const flipped = Uint8Array.from(bytes)
        flipped[at] = (flipped[at] ?? 0) ^ (1 << (n % 8))
        const stream = await peer.open(provider, JOB_PROTOCOL)
        const session = peer.framesOf(stream, provider, jobFrameCodec)
        await session.send({ kind: 'hello', hello: await client.hello() })
        await nextFrame(session)
        stream.send(lp.encode.single(flipped))
        const answer = await nextFrame(session)
        expect(['refuse', undefined], `bit ${n % 8} of byte ${at}`).to.include(answer?.kind)
        await session.close()
      }
    })
  })

  describe('afterwards', () => {
    it('serves others as before, and redeems every voucher it took', async () => {
      const job = await world.job()
      expect(job.states.at(-1)?.state).to.equal('finalized')
      expect(world.net.provider.child.gone).to.equal(false)
      const { txs } = await world.settle()
      expect(
        txs.reduce((sum, { vouchers }) => sum + vouchers, 0),
        'of the client and of the stranger',
      ).to.equal(2)
      expect(await world.status()).to.include({ unredeemed: '0', inFlight: 0 })
    })
  })
})

async function nextReceipt(frames: FrameStream<JobFrame>): Promise<Receipt> {
  for (;;) {
    const frame = await nextFrame(frames)
    if (frame?.kind === 'receipt') return frame.receipt.receipt.receipt
    if (frame?.kind !== 'chunk' && frame?.kind !== 'accept')
      throw new TypeError(`Got ${frame?.kind ?? 'the end'}.`)
  }
}

/** One round trip: what was sent before has been taken by then. Tokens on the way are passed over. */
async function pong(frames: FrameStream<JobFrame>, nonce: number): Promise<void> {
  await frames.send({ kind: 'ping', ping: { nonce, pong: false } })
  for (;;) {
    const frame = await nextFrame(frames)
    if (frame?.kind === 'ping' && frame.ping.nonce === nonce) return
    if (frame?.kind !== 'chunk') throw new TypeError(`Got ${frame?.kind ?? 'the end'}.`)
  }
}
