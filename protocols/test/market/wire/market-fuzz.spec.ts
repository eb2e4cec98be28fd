import { expect } from 'chai'
import fc from 'fast-check'
import { marketFrameCodec } from '@duckmesh/proto'
import type { MarketFrame } from '@duckmesh/proto'
import { recomputeChoice } from '../../../src/market/auction/recompute-choice.ts'
import { MarketConnection } from '../../../src/market/wire/market-connection.ts'
import { BindingBook, checkJobHeader } from '../../../src/mesh/index.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { until } from '../../support/hosts.ts'
import type { MemoryStream } from '../../support/stream-pair.ts'
import { MarketWorld } from './market-world.ts'

/** One byte of a frame changed, the frame cut, or bytes put in. */
const mutation = fc.record({
  pick: fc.nat(),
  at: fc.nat(),
  bit: fc.integer({ min: 0, max: 7 }),
  cut: fc.boolean(),
})

function mutated(bytes: Uint8Array, { at, bit, cut }: { at: number; bit: number; cut: boolean }) {
  const out = bytes.slice()
  const index = at % out.length
  out[index] = (out[index] ?? 0) ^ (1 << bit)
  return cut ? out.subarray(0, index) : out
}

describe('any bytes on a market stream', () => {
  let world: MarketWorld
  let frames: Uint8Array[]

  before(async () => {
    world = new MarketWorld(['a', 'b'], { p: 100n, q: 200n })
    const result = await world.auction(await world.input(), { seats: ['a', 'b'], acks: 4 })
    await world.auctioneer(['a', 'b']).sendOpenings(result, [], 0n)
    await world.seen('openings', 6)
    frames = world.sent.map(({ frame }) => marketFrameCodec.encode(frame))
  })

  it('never reject out of a server, and leave it serving', async () => {
    const roles = fc.constantFrom(['client', 'client'] as const, ['p', 'peer'] as const)
    const sequence = fc.array(mutation, { minLength: 1, maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(roles, sequence, async ([from, role], mutations) => {
        const { far, ends } = world.join(from, 'a', role)
        const [near] = ends as [MemoryStream<MarketFrame>]
        const served = world.node('a').server.serve(far)
        for (const one of mutations) {
          const bytes = frames[one.pick % frames.length] ?? expect.fail()
          near.sendBytes(mutated(bytes, one))
        }
        await near.close()
        await served
        expect(far.stream.closed).to.equal(true)
        world.clock.set(world.clock.now() + 300)
      }),
      { numRuns: 150 },
    )
    const result = world.auction(await world.input(), { seats: ['a', 'b'], acks: 4 })
    await until(() => world.frames('match').length >= 4)
    expect((await result).choice.ranked).to.have.length(2)
  })

  it('never reject out of a client’s connection', async () => {
    const received = await world.fix.received()
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 6 }), async (mutations) => {
        const { near, ends } = world.join('client', 'a', 'client')
        const [, far] = ends as [MemoryStream<MarketFrame>, MemoryStream<MarketFrame>]
        const { clock, logger } = world
        const connection = new MarketConnection({ clock, logger }, near)
        const { envelope, jobId } = received
        const run = connection.header(envelope, { jobId, attempt: 0 })
        for (const one of mutations) {
          far.sendBytes(mutated(frames[one.pick % frames.length] ?? expect.fail(), one))
        }
        await far.close()
        await until(() => connection.closed)
        const code = await run.match.then(
          () => 'STREAM_CLOSED',
          (error: unknown) => (error as DuckMeshError).code,
        )
        expect(code).to.be.a('string')
      }),
      { numRuns: 60 },
    )
  })

  it('a mutated proof is a choice or a coded error', async () => {
    const [openings] = world.frames('openings', { from: 'client' })
    const header = world.frames('invite')[0]?.invite.header ?? expect.fail()
    const { network, crypto } = world.fix.components
    const { clock } = world
    clock.set(1_800_000_000_000)
    const rules = { network, crypto, clock, bindings: new BindingBook({ network, crypto, clock }) }
    const job = await checkJobHeader(header, rules)
    const bytes = marketFrameCodec.encode(openings ?? expect.fail())
    await fc.assert(
      fc.asyncProperty(mutation, async (one) => {
        let frame: MarketFrame
        try {
          frame = marketFrameCodec.decode(mutated(bytes, one))
        } catch {
          return
        }
        if (frame.kind !== 'openings') return
        const { proof } = frame.openings
        try {
          const choice = await recomputeChoice({ ...job, proof }, world.fix.components)
          expect(choice.ranked.length + choice.left.length).to.be.at.most(2)
        } catch (error) {
          expect(error).to.be.instanceOf(DuckMeshError)
        }
      }),
      { numRuns: 150 },
    )
  })
})
