import { DuckMeshError } from '@duckmesh/protocols'
import type { Heartbeat } from '@duckmesh/protocols'
import type { TurnId } from '@duckmesh/protocols/election'
import { expect } from 'chai'
import { HeartbeatLoop } from '../../src/peer/heartbeat-loop.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { PROVIDER, hexOfDigit } from '../storage/rows.ts'

const TURN: TurnId = { epoch: 7, turn: 3 }
const NEXT: TurnId = { epoch: 7, turn: 4 }
const HASH = hexOfDigit('e', 32)

/** A node whose shards and seats a test sets. */
class Desk {
  readonly clock = new ManualClock()
  readonly logger = new NotedLogs()
  readonly published: [number, Heartbeat][] = []
  readonly heard: [number, Heartbeat][] = []
  readonly fronts: number[] = []
  shards: number[] = [3]
  turns: () => Promise<TurnId[]> = () => Promise.resolve([TURN])
  publish: () => Promise<void> = () => Promise.resolve()
  readonly loop = new HeartbeatLoop({
    clock: this.clock,
    logger: this.logger,
    provider: PROVIDER,
    shards: () => this.shards,
    matchesOf: (shard, { turn }) => ({ matches: shard * 10 + turn, matchesHash: HASH }),
    onFront: (shard) => this.fronts.push(shard),
    watch: {
      heard: (shard, heartbeat) => this.heard.push([shard, heartbeat]),
      shouldBeat: () => this.turns(),
    },
    gossip: {
      publishHeartbeat: (shard, heartbeat) => {
        this.published.push([shard, heartbeat])
        return this.publish()
      },
    },
  })

  async pass(ms: number): Promise<void> {
    await settle()
    this.clock.advance(ms)
    await settle()
  }
}

describe('HeartbeatLoop', () => {
  it('beats at once and every second, in each shard that somebody serves, and hears itself', async () => {
    const desk = new Desk()
    desk.shards = [3, 5]
    desk.loop.start()
    await desk.pass(0)
    const beat = { ...TURN, seat: PROVIDER, matchesHash: HASH }
    expect(desk.published).to.deep.equal([
      [3, { ...beat, matches: 33 }],
      [5, { ...beat, matches: 53 }],
    ])
    expect(desk.heard).to.deep.equal(desk.published)
    // The streams to providers are opened before the first header comes.
    expect(desk.fronts).to.deep.equal([3, 5])
    await desk.pass(999)
    expect(desk.published).to.have.length(2)
    await desk.pass(1)
    expect(desk.published).to.have.length(4)
    desk.loop.stop()
    await desk.pass(10_000)
    expect(desk.published).to.have.length(4)
    expect(desk.clock.pending).to.deep.equal([])
  })

  it('beats for the next turn too, when it holds a seat there, and not without a seat', async () => {
    const desk = new Desk()
    desk.turns = () => Promise.resolve([TURN, NEXT])
    desk.loop.start()
    await desk.pass(0)
    expect(desk.published.map(([, { turn }]) => turn)).to.deep.equal([3, 4])
    desk.turns = () => Promise.resolve([])
    await desk.pass(1_000)
    expect(desk.published).to.have.length(2)
    expect(desk.fronts).to.deep.equal([3])
    desk.loop.stop()
  })

  it('neither beats nor dials when it is stopped while the chain is asked', async () => {
    const desk = new Desk()
    const slow = Promise.withResolvers<TurnId[]>()
    desk.turns = () => slow.promise
    desk.loop.start()
    await desk.pass(0)
    desk.loop.stop()
    slow.resolve([TURN])
    await desk.pass(0)
    expect([desk.published, desk.fronts]).to.deep.equal([[], []])
  })

  it('keeps its second while the chain is slow: a slow answer must not make it look dead', async () => {
    const desk = new Desk()
    const slow = Promise.withResolvers<TurnId[]>()
    desk.turns = () => slow.promise
    desk.loop.start()
    await desk.pass(1_000)
    desk.turns = () => Promise.resolve([TURN])
    await desk.pass(1_000)
    expect(desk.published).to.have.length(1)
    slow.resolve([TURN])
    await desk.pass(0)
    expect(desk.published).to.have.length(3)
    desk.loop.stop()
  })

  const failures: [string, (desk: Desk, error: Error) => void][] = [
    ['the chain does not answer', (desk, error) => (desk.turns = () => Promise.reject(error))],
    ['gossip fails', (desk, error) => (desk.publish = () => Promise.reject(error))],
  ]
  for (const [what, fail] of failures) {
    it(`goes on when ${what}`, async () => {
      const desk = new Desk()
      fail(desk, new DuckMeshError('CHAIN_UNREACHABLE', 'No.'))
      desk.loop.start()
      await desk.pass(1_000)
      expect(desk.logger.of('seat.no_heartbeat')).to.deep.equal([
        { shard: 3, code: 'CHAIN_UNREACHABLE' },
        { shard: 3, code: 'CHAIN_UNREACHABLE' },
      ])
      expect(desk.clock.pending).to.have.length(1)
      desk.loop.stop()
    })
  }
})
