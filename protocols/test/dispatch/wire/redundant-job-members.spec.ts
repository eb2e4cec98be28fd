import { expect } from 'chai'
import type { Hex } from '@duckmesh/proto'
import {
  BACKUP_ACCEPT_TIMEOUT_MS,
  REVEAL_TIMEOUT_MS,
  STALL_TIMEOUT_MS,
} from '../../../src/dispatch/constants.ts'
import { prepareAward } from '../../../src/dispatch/wire/prepare-award.ts'
import { DuckMeshError } from '../../../src/errors.ts'
import { forever } from '../../support/job-helpers.ts'
import { gate } from '../../support/scripted-engine.ts'
import { Fleet, billed } from '../support/fleet.ts'
import type { FleetProvider } from '../support/fleet.ts'
import { changeReveal, ended, expectAgreed, expectPaid } from '../support/member-checks.ts'
import { isLastReceipt, lastReceipted, texts } from '../support/member-checks.ts'

/** Ways to fall silent, and what the segment then ends with. */
const SILENT: [string, string, (fleet: Fleet, provider: FleetProvider) => void][] = [
  [
    'and is not reached',
    'PROVIDER_LOST',
    (_, provider) => {
      provider.unreachable = new DuckMeshError('PROVIDER_LOST', 'Nobody there.')
    },
  ],
  [
    'and refuses',
    'ENGINE_BUSY',
    (_, provider) => {
      provider.engine.script = { failOpen: new DuckMeshError('ENGINE_BUSY', 'No room.') }
    },
  ],
  [
    'before it accepts',
    'TIMED_OUT',
    (_, provider) => {
      provider.engine.script = { openGate: forever }
    },
  ],
  [
    'in its first step',
    'PROVIDER_STALLED',
    (_, provider) => {
      provider.engine.script = { gate: (now) => (now < 32 ? undefined : forever) }
    },
  ],
  [
    'after its first voucher',
    'PROVIDER_STALLED',
    (_, provider) => {
      provider.engine.script = { gate: (now) => (now < 64 ? undefined : forever) }
    },
  ],
  [
    'when its stream breaks in a step',
    'PROVIDER_LOST',
    (_, provider) => {
      provider.toProvider = (frame) => {
        if (frame.kind === 'voucher') queueMicrotask(() => provider.cut())
        return [frame]
      }
    },
  ],
  [
    'when its stream breaks after its last commitment',
    'PROVIDER_LOST',
    (fleet, provider) => {
      // Another member is slower, so that this one waits for its release.
      const held = gate()
      fleet.at(2).engine.script = { gate: (now) => (now < 96 ? undefined : held.wait) }
      provider.toClient = (frame) => {
        if (!isLastReceipt(frame)) return [frame]
        void fleet.quiet().then(() => {
          provider.cut()
          held.open()
        })
        return [frame]
      }
    },
  ],
  [
    'when its stream breaks after its last voucher',
    'PROVIDER_LOST',
    (fleet, provider) => {
      provider.toProvider = (frame) => {
        const isLast = frame.kind === 'voucher' && lastReceipted(fleet, provider)
        if (!isLast) return [frame]
        queueMicrotask(() => provider.cut())
        return []
      }
    },
  ],
  ['and never reveals', 'REVEAL_MISSING', (_, provider) => changeReveal(provider, () => [])],
  [
    'and reveals other ids',
    'REVEAL_INVALID',
    (_, provider) =>
      changeReveal(provider, (reveal) => [
        { ...reveal, ids: reveal.ids.map((id, index) => (index === 3 ? id + 1 : id)) },
      ]),
  ],
  [
    'and reveals too few ids',
    'REVEAL_INVALID',
    (_, provider) =>
      changeReveal(provider, (reveal) => [{ ...reveal, ids: reveal.ids.slice(0, 128) }]),
  ],
  [
    'and reveals another salt',
    'REVEAL_INVALID',
    (_, provider) =>
      changeReveal(provider, (reveal) => [{ ...reveal, salt: `0x${'66'.repeat(32)}` }]),
  ],
]

describe('a member that falls silent', () => {
  for (const [name, code, breaks] of SILENT) {
    it(`${name} is replaced from scratch`, async () => {
      const fleet = new Fleet(4)
      breaks(fleet, fleet.at(1))
      const { outcome, events } = await fleet.finish(await fleet.redundant())
      expectAgreed(outcome, events)
      expect(ended(outcome)).to.deep.equal(['finalized', code, 'finalized', 'finalized'])
      const award = fleet.sent('award').find(({ index }) => index === 3)?.frame.award
      expect(award?.award.award).to.include({ segment: 3, fromToken: 0 })
      const total = outcome.segments.reduce((sum, { paid }) => sum + paid, 0n)
      expect(outcome.paid).to.equal(total)
      // What a member was paid for, it had committed to.
      for (const { paid, receipts } of outcome.segments) {
        expect(paid <= billed(receipts)).to.equal(true)
      }
    })
  }

  it('is waited for as long as a step may take, and a dead dial not longer than a backup needs', async () => {
    const fleet = new Fleet(4)
    fleet.at(0).dialling = forever
    const start = fleet.clock.now()
    const { outcome } = await fleet.finish(await fleet.redundant())
    expect(ended(outcome)[0]).to.equal('TIMED_OUT')
    expect(fleet.clock.now() - start).to.be.below(BACKUP_ACCEPT_TIMEOUT_MS + 1_000)
    const slow = new Fleet(4)
    slow.at(0).engine.script = { gate: (now) => (now < 32 ? undefined : forever) }
    const begin = slow.clock.now()
    await slow.finish(await slow.redundant())
    expect(slow.clock.now() - begin).to.be.within(STALL_TIMEOUT_MS, STALL_TIMEOUT_MS + 2_000)
  })

  it('and never reveals loses its last step only when it was paid: nothing is in doubt', async () => {
    const fleet = new Fleet(3)
    changeReveal(fleet.at(1), () => [])
    const start = fleet.clock.now()
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'MEMBERS_MISSING' })
    expect(outcome.agreed).to.equal(null)
    expect(texts(events)).to.deep.equal([])
    expect(fleet.clock.now() - start).to.be.within(REVEAL_TIMEOUT_MS, REVEAL_TIMEOUT_MS + 1_000)
    await expectPaid(fleet, outcome)
  })

  it('with nobody left leaves the job unfinished, and everything receipted is paid', async () => {
    const fleet = new Fleet(3)
    fleet.at(2).engine.script = { failOpen: new DuckMeshError('ENGINE_BUSY', 'No room.') }
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'MEMBERS_MISSING' })
    expect(outcome.failure?.detail).to.include('2 of 3')
    expect(ended(outcome)).to.deep.equal(['finalized', 'finalized', 'ENGINE_BUSY'])
    expect(texts(events)).to.deep.equal([])
    await expectPaid(fleet, outcome)
  })

  it('is missing from the start when fewer bid than the order asks for', async () => {
    const fleet = new Fleet(2)
    const { outcome } = await fleet.finish(await fleet.redundant({ replicas: 3 }))
    expect(outcome).to.nested.include({ state: 'failed', 'failure.code': 'MEMBERS_MISSING' })
    expect(outcome.segments).to.have.length(2)
    await expectPaid(fleet, outcome)
  })

  it('several at once are replaced in order, each place asked once', async () => {
    const fleet = new Fleet(7)
    for (const index of [0, 2, 3]) {
      fleet.at(index).engine.script = { failOpen: new DuckMeshError('ENGINE_BUSY', 'No room.') }
    }
    const { outcome, events } = await fleet.finish(await fleet.redundant())
    expectAgreed(outcome, events)
    const busy = 'ENGINE_BUSY'
    const done = 'finalized'
    expect(ended(outcome)).to.deep.equal([busy, done, busy, busy, done, done])
    await expectPaid(fleet, outcome)
  })
})

describe('a member whose stream is dead', () => {
  it('gets no voucher signed, also when nobody has noticed yet', async () => {
    const fleet = new Fleet(1)
    const provider = fleet.at(0)
    const plan = await fleet.plan({ mode: 0, replicas: 1 })
    const draft = { place: provider.place, segment: 0, prefixIds: [], budget: 10n ** 9n }
    const { encKey } = provider.unsealer
    const { facts, frame } = await prepareAward(fleet.components, plan, draft, encKey)
    const connection = await fleet.connector.to(provider.owner, new AbortController().signal)
    const run = connection.run(facts, frame)
    await fleet.until(() => run.state.state === 'completed', 'the last commitment')
    await fleet.quiet()
    const { prepaid, due } = run.state.progress
    expect(prepaid < due).to.equal(true)
    provider.cut()
    run.release()
    expect((await run.ended).failure?.code).to.equal('PROVIDER_LOST')
    const [row] = await fleet.payer.ledger.listChannels()
    expect(row).to.include({ paid: prepaid, settled: prepaid })
  })
})

/** Frames that a member must not send, and what it ends with. */
const CHEATS: [string, string, (provider: FleetProvider) => void][] = [
  [
    'reveals before the release',
    'UNEXPECTED_FRAME',
    (provider) => {
      provider.toClient = (frame) => {
        if (frame.kind !== 'receipt') return [frame]
        const { jobId, segment } = frame.receipt.receipt.receipt
        const salt: Hex = `0x${'01'.repeat(32)}`
        return [frame, { kind: 'reveal', reveal: { jobId, segment, salt, ids: [], text: '' } }]
      }
    },
  ],
  [
    'streams its text',
    'UNEXPECTED_FRAME',
    (provider) => {
      provider.toClient = (frame) => {
        if (frame.kind !== 'accept') return [frame]
        const { jobId, segment } = frame.accept.accept
        const chunk = { jobId, segment, n: 1, ids: [1], textDelta: 'a', h: jobId }
        return [frame, { kind: 'chunk', chunk }]
      }
    },
  ],
  [
    'sends a receipt twice',
    'RECEIPT_INVALID',
    (provider) => {
      provider.toClient = (frame) => (frame.kind === 'receipt' ? [frame, frame] : [frame])
    },
  ],
]

describe('a member that breaks the rules', () => {
  for (const [name, code, breaks] of CHEATS) {
    it(`and ${name} is paid no further and replaced`, async () => {
      const fleet = new Fleet(4)
      breaks(fleet.at(0))
      const { outcome, events } = await fleet.finish(await fleet.redundant())
      expectAgreed(outcome, events)
      expect(ended(outcome)[0]).to.equal(code)
      const paid = outcome.segments[0]?.paid ?? 0n
      expect(paid <= billed(outcome.segments[0]?.receipts.slice(0, 1) ?? [])).to.equal(true)
    })
  }
})
