import { expect } from 'chai'
import fc from 'fast-check'
import type { Hex, MatchFrame, Pass, RelayedBid } from '@duckmesh/proto'
import { openWindow } from '../../../src/market/auction/bid-window.ts'
import { newSeatAuction, stepSeat } from '../../../src/market/auction/seat-machine.ts'
import type {
  SeatAuction,
  SeatEffect,
  SeatEvent,
} from '../../../src/market/auction/seat-machine.ts'

const START = 1_000_000
const hash = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const owner = (n: number): Hex => `0x${n.toString(16).padStart(40, '0')}`
const ref = { jobId: hash(1), attempt: 0 }
const TERMS = 'terms'
const sealed = { enc: new Uint8Array(32), ciphertext: new Uint8Array(20) }

const relayed = (n: number): RelayedBid => ({ provider: owner(n), sealed })
const header = (from = 'client', terms = TERMS): SeatEvent => ({ kind: 'header', terms, from })
const bid = (n: number, commit = n, from = `peer ${n}`): SeatEvent => ({
  kind: 'bid',
  relayed: relayed(n),
  commit: hash(commit),
  from,
})
const passOf = (n: number): Pass => ({
  ...ref,
  provider: owner(n),
  code: 'PROVIDER_BUSY',
  detail: '',
})
const pass = (n: number): SeatEvent => ({ kind: 'pass', pass: passOf(n) })
const TICK: SeatEvent = { kind: 'tick' }
const MATCH: MatchFrame = {
  set: {
    match: {
      match: { ...ref, epoch: 1, turn: 1, seat: owner(99), bidsRoot: hash(3), bids: 1 },
      signature: hash(0),
    },
    bids: [],
  },
  passes: [],
}
const SIGNED: SeatEvent = { kind: 'signed', match: MATCH }

function fresh(invited = 3, replicas = 1): SeatAuction {
  const window = openWindow(START, { replicas, invited }, { minMs: 30, maxMs: 250 })
  const providers = Array.from({ length: invited }, (_, i) => owner(i + 1))
  return newSeatAuction({ ref, terms: TERMS, window, invited: providers })
}

/** Runs events given as [ms after the start, event]; returns the last effects. */
function run(
  state: SeatAuction,
  ...events: [number, SeatEvent][]
): { state: SeatAuction; effects: readonly SeatEffect[] } {
  let effects: readonly SeatEffect[] = []
  for (const [at, event] of events) ({ state, effects } = stepSeat(state, event, START + at))
  return { state, effects }
}

const kinds = (effects: readonly SeatEffect[]): string[] =>
  effects.map((effect) => (effect.kind === 'refuse' ? `refuse ${effect.code}` : effect.kind))

const PHASES: Record<SeatAuction['phase'], SeatAuction> = {
  new: fresh(),
  open: run(fresh(), [0, header()], [1, bid(1)]).state,
  closing: run(fresh(), [0, header()], [1, bid(1)], [250, TICK]).state,
  closed: run(fresh(), [0, header()], [1, bid(1)], [250, TICK], [251, SIGNED]).state,
}

describe('stepSeat', () => {
  describe('every event in every phase', () => {
    const table: [event: string, SeatEvent, at: number, Record<SeatAuction['phase'], string>][] = [
      [
        'the header',
        header(),
        2,
        {
          new: 'open: ack, invite, wake',
          open: 'open: ack',
          closing: 'closing: ack',
          closed: 'closed: ack, match',
        },
      ],
      [
        'a header on other terms',
        header('thief', 'others'),
        2,
        {
          new: 'new: refuse HEADER_INVALID',
          open: 'open: refuse HEADER_INVALID',
          closing: 'closing: refuse MATCH_CONTRADICTS',
          closed: 'closed: refuse MATCH_CONTRADICTS',
        },
      ],
      [
        'a new bid',
        bid(2),
        2,
        {
          new: 'new: refuse TIMED_OUT',
          open: 'open: ackBid',
          closing: 'closing: refuse TIMED_OUT',
          closed: 'closed: refuse TIMED_OUT',
        },
      ],
      [
        'the same bid again',
        bid(1),
        2,
        {
          new: 'new: refuse TIMED_OUT',
          open: 'open: ackBid',
          closing: 'closing: ackBid',
          closed: 'closed: ackBid',
        },
      ],
      [
        'another bid of a bidder',
        bid(1, 77),
        2,
        {
          new: 'new: refuse TIMED_OUT',
          open: 'open: refuse BID_INVALID',
          closing: 'closing: refuse BID_INVALID',
          closed: 'closed: refuse BID_INVALID',
        },
      ],
      [
        'a bid after the last moment',
        bid(2),
        250,
        {
          new: 'new: refuse TIMED_OUT',
          open: 'open: refuse TIMED_OUT',
          closing: 'closing: refuse TIMED_OUT',
          closed: 'closed: refuse TIMED_OUT',
        },
      ],
      [
        'a pass',
        pass(2),
        2,
        {
          new: 'new: ',
          open: 'open: ',
          closing: 'closing: ',
          closed: 'closed: ',
        },
      ],
      [
        'a tick before the minimum',
        TICK,
        3,
        {
          new: 'new: ',
          open: 'open: wake',
          closing: 'closing: ',
          closed: 'closed: ',
        },
      ],
      [
        'a tick at the end',
        TICK,
        250,
        {
          new: 'new: ',
          open: 'closing: close',
          closing: 'closing: ',
          closed: 'closed: ',
        },
      ],
      [
        'a signed match',
        SIGNED,
        251,
        {
          new: 'new: ',
          open: 'open: ',
          closing: 'closed: match, notice',
          closed: 'closed: ',
        },
      ],
    ]
    for (const [name, event, at, expected] of table) {
      for (const phase of ['new', 'open', 'closing', 'closed'] as const) {
        it(`${name} when ${phase}: ${expected[phase]}`, () => {
          const { state, effects } = run(PHASES[phase], [at, event])
          expect(`${state.phase}: ${kinds(effects).join(', ')}`).to.equal(expected[phase])
        })
      }
    }
  })

  it('acknowledges with the time left and invites whom it was made for', () => {
    const { effects } = run(fresh(), [0, header()])
    expect(effects).to.deep.equal([
      { kind: 'ack', to: 'client', closesInMs: 250 },
      { kind: 'invite', providers: [1, 2, 3].map(owner) },
      { kind: 'wake', atMs: START + 30 },
    ])
  })

  it('closes after the minimum when every invited provider answered', () => {
    const answered = run(fresh(), [0, header()], [1, bid(1)], [2, pass(2)], [3, bid(3)])
    expect(answered.state.phase).to.equal('open')
    const { state, effects } = run(answered.state, [30, TICK])
    expect(state.phase).to.equal('closing')
    expect(kinds(effects)).to.deep.equal(['close'])
    const close = effects[0]
    if (close?.kind !== 'close') expect.fail('no close')
    expect(close.bids.map((one) => one.relayed.provider)).to.deep.equal([owner(1), owner(3)])
    expect(close.passes).to.deep.equal([passOf(2)])
  })

  it('closes with the last answer that comes after the minimum, before the maximum', () => {
    const waiting = run(fresh(), [0, header()], [1, bid(1)], [2, bid(2)], [30, TICK])
    expect(waiting.effects).to.deep.equal([{ kind: 'wake', atMs: START + 250 }])
    expect(kinds(run(waiting.state, [80, bid(3)]).effects)).to.deep.equal(['ackBid', 'close'])
    expect(kinds(run(waiting.state, [80, pass(3)]).effects)).to.deep.equal(['close'])
  })

  it('needs only replicas + 5 of many answers', () => {
    const events = Array.from({ length: 6 }, (_, i): [number, SeatEvent] => [1, bid(i + 1)])
    const six = run(fresh(20), [0, header()], ...events, [30, TICK])
    expect(six.state.phase).to.equal('closing')
    const five = run(fresh(20), [0, header()], ...events.slice(1), [30, TICK])
    expect(five.state.phase).to.equal('open')
  })

  it('closes at the minimum when nobody is invited, with the bids that came by gossip', () => {
    const { state, effects } = run(fresh(0), [0, header()], [5, bid(9)], [30, TICK])
    expect(state.phase).to.equal('closing')
    expect(kinds(effects)).to.deep.equal(['close'])
    expect(state.bids.size).to.equal(1)
  })

  it('is not closed early by providers that nobody invited', () => {
    const strangers = Array.from({ length: 10 }, (_, i): [number, SeatEvent] => [1, bid(50 + i)])
    const { state } = run(fresh(), [0, header()], ...strangers, [30, TICK])
    expect(state.phase).to.equal('open')
  })

  it('takes 64 bids and keeps room for the invited ones', () => {
    const flood = Array.from({ length: 100 }, (_, i): [number, SeatEvent] => [1, bid(100 + i)])
    const full = run(fresh(), [0, header()], ...flood)
    expect(full.state.bids.size).to.equal(61)
    expect(kinds(full.effects)).to.deep.equal(['refuse RATE_LIMITED'])
    const invited = run(full.state, [2, bid(1)], [2, bid(2)], [2, bid(3)])
    expect(invited.state.bids.size).to.equal(64)
    expect(kinds(invited.effects)).to.deep.equal(['ackBid'])
  })

  it('lets a provider that passed bid, and not the other way round', () => {
    const changed = run(fresh(), [0, header()], [1, pass(1)], [2, bid(1)], [3, pass(1)])
    expect([...changed.state.bids.keys()]).to.deep.equal([owner(1)])
    expect(changed.state.passes.size).to.equal(0)
  })

  it('tells the match to the client and the notice to each bidder link once', () => {
    const twoOnOne = run(
      fresh(),
      [0, header()],
      [1, header('second')],
      [1, bid(1, 1, 'peer 1')],
      [1, bid(2, 2, 'peer 1')],
      [250, TICK],
      [251, SIGNED],
    )
    expect(twoOnOne.effects).to.deep.equal([
      { kind: 'match', to: ['client', 'second'], match: MATCH },
      { kind: 'notice', to: ['peer 1'], match: MATCH, commits: [hash(1), hash(2)] },
    ])
  })

  it('remembers four links of a client', () => {
    const events = [1, 2, 3, 4, 5, 6].map((n): [number, SeatEvent] => [n, header(`link ${n}`)])
    expect(run(fresh(), ...events).state.clients).to.deep.equal(
      [3, 4, 5, 6].map((n) => `link ${n}`),
    )
  })

  it('holds in any order of events: phases only go on, one match, no bid twice or late', () => {
    const anyEvent = fc.oneof(
      fc.constant(header()),
      fc.constant(header('other', 'others')),
      fc
        .tuple(fc.integer({ min: 1, max: 80 }), fc.integer({ min: 1, max: 3 }))
        .map(([n, c]) => bid(n, n * 10 + c)),
      fc.integer({ min: 1, max: 6 }).map(pass),
      fc.constant(TICK),
      fc.constant(SIGNED),
    )
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), anyEvent), { maxLength: 60 })
    const order = ['new', 'open', 'closing', 'closed']
    fc.assert(
      fc.property(steps, (all) => {
        let state = fresh()
        let now = 0
        let closes = 0
        for (const [ms, event] of all) {
          now += ms
          const before = state
          const step = stepSeat(state, event, START + now)
          state = step.state
          closes += step.effects.filter((effect) => effect.kind === 'close').length
          expect(order.indexOf(state.phase)).to.be.at.least(order.indexOf(before.phase))
          for (const [provider, one] of before.bids) {
            expect(state.bids.get(provider)?.commit).to.equal(one.commit)
          }
          if (before.phase !== 'open') expect(state.bids.size).to.equal(before.bids.size)
        }
        expect(closes).to.be.at.most(1)
        expect(state.bids.size).to.be.at.most(64)
      }),
      { numRuns: 200 },
    )
  })
})
