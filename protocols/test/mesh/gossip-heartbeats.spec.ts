/** Heartbeats on the `ctl` topic, and attacks on them. */
import { heartbeatCodec } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { topicName } from '../../src/mesh/topics.ts'
import { CTL_3, OFFERS_3, impostor, ownerOf } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK } from '../support/test-crypto.ts'
import { MarketFixture, NOW } from './support/market-fixture.ts'

const CTL_4 = topicName(TEST_NETWORK.name, 'ctl', 4)

describe('gossip validator: heartbeats', () => {
  let mesh: MarketFixture

  beforeEach(async () => {
    mesh = new MarketFixture()
    await mesh.sit('duck')
  })

  const cases: [name: string, verdict: string, make: () => Promise<Uint8Array>, topic?: string][] =
    [
      ['a seat of the turn', 'accept', () => mesh.sealHeartbeat('duck')],
      [
        'a peer without known binding',
        'ignore BINDING_UNKNOWN',
        () => {
          mesh.stake.stake('goose')
          return mesh.sealHeartbeat('goose')
        },
      ],
      [
        'a staked peer that has no seat',
        'ignore STALE_SEAT',
        async () => {
          await mesh.join('goose')
          return mesh.sealHeartbeat('goose')
        },
      ],
      [
        "a seat's owner named by another operator's peer",
        'ignore INVALID_PROVIDER',
        async () => {
          await mesh.join('fox')
          return mesh.sealHeartbeat('fox', mesh.heartbeat('duck'))
        },
      ],
      [
        'an owner without stake',
        'ignore INVALID_PROVIDER',
        () => {
          mesh.stake.owners.clear()
          return mesh.sealHeartbeat('duck')
        },
      ],
      ['a seat of another shard', 'ignore STALE_SEAT', () => mesh.sealHeartbeat('duck'), CTL_4],
      [
        'a neighbour turn in which it has no seat',
        'ignore STALE_SEAT',
        () => mesh.sealHeartbeat('duck', mesh.heartbeat('duck', { turn: NOW.turn + 1 })),
      ],
      [
        'a far turn',
        'ignore ENVELOPE_STALE',
        () => mesh.sealHeartbeat('duck', mesh.heartbeat('duck', { turn: NOW.turn + 2 })),
      ],
      [
        'another epoch',
        'ignore ENVELOPE_STALE',
        () => mesh.sealHeartbeat('duck', mesh.heartbeat('duck', { epoch: NOW.epoch - 1 })),
      ],
      [
        'one that was held back',
        'ignore ENVELOPE_STALE',
        () => mesh.sealHeartbeat('duck', undefined, { issuedAtMs: mesh.clock.now() - 10_000 }),
      ],
      [
        'one that wants to live longer than 10 s',
        'reject FIELD_OUT_OF_RANGE',
        () => mesh.sealHeartbeat('duck', undefined, { lifeMs: 10_001 }),
      ],
      [
        'another key under the name of the peer',
        'reject BAD_SIGNATURE',
        () => mesh.sealHeartbeat('duck', undefined, { signer: impostor('duck', 'fox') }),
      ],
      [
        'a heartbeat among offers',
        'reject WRONG_TOPIC',
        () => mesh.sealHeartbeat('duck'),
        OFFERS_3,
      ],
      [
        'a binding that calls itself a heartbeat',
        'reject MALFORMED_FRAME',
        () => mesh.sealBinding('duck', { type: 'heartbeat' }),
      ],
      [
        'anybody while the chain view is stale',
        'ignore CHAIN_UNREACHABLE',
        () => {
          mesh.blind = true
          return mesh.sealHeartbeat('duck')
        },
      ],
    ]
  for (const [name, expected, make, topic = CTL_3] of cases) {
    it(`${expected}: ${name}`, async () => {
      expect(await mesh.verdict(topic, await make())).to.equal(expected)
    })
  }

  it('ignores a replayed one', async () => {
    const data = await mesh.sealHeartbeat('duck')
    expect(await mesh.verdict(CTL_3, data)).to.equal('accept')
    expect(await mesh.verdict(CTL_3, data)).to.equal('ignore ENVELOPE_REPLAYED')
  })

  it('takes one a second in the long run, and three at once', async () => {
    const burst = async (count: number) => {
      let passed = 0
      for (let i = 0; i < count; i++) {
        if ((await mesh.verdict(CTL_3, await mesh.sealHeartbeat('duck'))) === 'accept') passed++
      }
      return passed
    }
    expect(await burst(6)).to.equal(3)
    for (let second = 0; second < 30; second++) {
      mesh.clock.set(mesh.clock.now() + 1_000)
      expect(await burst(1), `second ${String(second)}`).to.equal(1)
    }
  })

  it('does not use up the quota of bindings, nor the reverse', async () => {
    for (let i = 0; i < 4; i++) await mesh.verdict(CTL_3, await mesh.sealHeartbeat('duck'))
    for (let i = 0; i < 3; i++) {
      expect(await mesh.verdict(CTL_3, await mesh.sealBinding('duck'))).to.equal('accept')
    }
    mesh.clock.set(mesh.clock.now() + 3_000)
    expect(await mesh.verdict(CTL_3, await mesh.sealHeartbeat('duck'))).to.equal('accept')
  })

  it('waits for a binding that came right before it', async () => {
    await mesh.sit('goose')
    const late = new MarketFixture()
    late.stake.stake('goose')
    late.seats.add(ownerOf('goose'))
    const [binding, beat] = await Promise.all([
      late.sealBinding('goose'),
      late.sealHeartbeat('goose'),
    ])
    const verdicts = await Promise.all([late.verdict(CTL_3, binding), late.verdict(CTL_3, beat)])
    expect(verdicts).to.deep.equal(['accept', 'accept'])
  })

  it('ignores all on a host that knows no seats', async () => {
    expect(await mesh.judge(CTL_3, await mesh.sealHeartbeat('duck'))).to.equal(
      'ignore CHAIN_UNREACHABLE',
    )
  })

  it('never throws and never accepts what was bent', async () => {
    const original = await mesh.sealHeartbeat('duck')
    const edit = fc.tuple(fc.nat({ max: original.length - 1 }), fc.integer({ min: 1, max: 255 }))
    await fc.assert(
      fc.asyncProperty(edit, async ([at, mask]) => {
        const data = original.slice()
        data[at] = (data[at] ?? 0) ^ mask
        expect(await mesh.verdict(CTL_3, data)).to.not.equal('accept')
      }),
      { numRuns: 200 },
    )
    const payloads = fc.uint8Array({ maxLength: 200 })
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const data = await mesh.seal('duck', payload, { type: 'heartbeat', lifeMs: 10_000 })
        const verdict = await mesh.verdict(CTL_3, data)
        expect(verdict).to.match(/^(ignore|reject) [A-Z_]+$/)
        expect(verdict).to.not.include('INTERNAL')
      }),
      { numRuns: 100 },
    )
    expect(heartbeatCodec.encode(mesh.heartbeat('duck')).length).to.be.below(100)
  })
})
