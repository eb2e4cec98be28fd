/** Tests: how proofs are kept, told and brought to the chain. */
import type { EvidenceNotice } from '@duckmesh/proto'
import { expect } from 'chai'
import { MAX_PROOFS_PER_ACCUSED, PROOF_TTL_MS, RETRY_MS } from '../../src/evidence/constants.ts'
import { EvidenceDesk } from '../../src/evidence/evidence-desk.ts'
import { submitDelay } from '../../src/evidence/submit-delay.ts'
import { DuckMeshError } from '../../src/errors.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { memoryLogger } from '../support/memory-logger.ts'
import { ownerOf } from '../support/mesh-fixtures.ts'
import { testPeerSigner } from '../support/test-crypto.ts'
import { CHECK, FakeFaults, MemoryProofs, noticeOf } from './proofs.ts'
import { packed, twoReceipts } from './proofs.ts'

const MAX_DELAY_MS = 10_000

interface DeskChanges {
  store?: MemoryProofs
  submits?: boolean
  /** Runs right before the transaction. */
  before?: () => void
}

describe('EvidenceDesk', () => {
  let clock: FakeClock
  let faults: FakeFaults
  let told: EvidenceNotice[]

  beforeEach(() => {
    clock = new FakeClock()
    faults = new FakeFaults()
    told = []
  })

  function desk(label: string, { before, store, submits = true }: DeskChanges = {}): EvidenceDesk {
    return new EvidenceDesk(
      {
        ...CHECK,
        clock,
        logger: memoryLogger(),
        faults,
        store: store ?? new MemoryProofs(),
        ...(submits ? { reporter: faults.reporter(label, before) } : {}),
        announce: (notice) => Promise.resolve(void told.push(notice)),
      },
      {
        self: { owner: ownerOf(label), peerKey: testPeerSigner(label).peerKey },
        maxDelayMs: MAX_DELAY_MS,
      },
    )
  }

  const wait = (label: string, hash: `0x${string}`) =>
    submitDelay(ownerOf(label), hash, MAX_DELAY_MS)

  it('tells of what it found itself and brings it to the chain without delay', async () => {
    const proof = await twoReceipts()
    const duck = desk('duck')
    await duck.found(proof)
    await clock.advance(0)
    const read = packed(proof)
    expect(told).to.deep.equal([noticeOf(read, 'duck')])
    expect(faults.sent).to.deep.equal([{ by: 'duck', faultId: read.faultId }])
    expect(duck.counts).to.deep.equal({ open: 0, submitted: 1, punished: 0, void: 0 })
    expect(duck.find(read.hash)).to.deep.equal(read.bytes)
  })

  it('waits with what others found, and of many peers only the first sends', async () => {
    const read = packed(await twoReceipts())
    const labels = ['duck', 'goose', 'swan', 'teal', 'coot']
    const desks = labels.map((label) => desk(label))
    for (const one of desks) await one.take(read.bytes, 'heard')
    expect(faults.sent).to.deep.equal([])
    await clock.advance(MAX_DELAY_MS)
    const [first] = [...labels].sort((a, b) => wait(a, read.hash) - wait(b, read.hash))
    expect(faults.sent.map(({ by }) => by)).to.deep.equal([first])
    // Whoever is about to pay holds it too.
    expect(told).to.deep.equal([noticeOf(read, first ?? '')])
    const states = desks.map(({ counts }) => counts)
    expect(states.filter(({ submitted }) => submitted === 1)).to.have.length(1)
    expect(states.filter(({ punished }) => punished === 1)).to.have.length(labels.length - 1)
  })

  it('does not wait when it finds itself what it had heard of', async () => {
    const read = packed(await twoReceipts())
    const duck = desk('duck')
    await duck.take(read.bytes, 'heard')
    await duck.found(read.proof)
    await clock.advance(0)
    expect(faults.sent).to.have.length(1)
    await clock.advance(MAX_DELAY_MS + RETRY_MS)
    expect(faults.sent).to.have.length(1)
  })

  it('waits also with what a client handed over, and tells of it at once', async () => {
    const read = packed(await twoReceipts())
    const duck = desk('duck')
    await duck.take(read.bytes, 'handed')
    expect(told).to.deep.equal([noticeOf(read, 'duck')])
    await clock.advance(wait('duck', read.hash) - 1)
    expect(faults.sent).to.deep.equal([])
    await clock.advance(1)
    expect(faults.sent).to.have.length(1)
  })

  it('sends nothing for a fault that is punished, by whatever proof', async () => {
    const read = packed(await twoReceipts())
    faults.punished.set(read.faultId, 'somebody')
    const duck = desk('duck')
    for (let i = 0; i < 3; i++) await duck.take(read.bytes, 'handed')
    await duck.found(read.proof)
    await clock.advance(MAX_DELAY_MS + RETRY_MS)
    expect(faults.sent).to.deep.equal([])
    expect(told).to.deep.equal([])
    expect(duck.counts.punished).to.equal(1)
  })

  it('sends once for a proof that comes again and again', async () => {
    const read = packed(await twoReceipts())
    const duck = desk('duck')
    await Promise.all([1, 2, 3].map(() => duck.take(read.bytes, 'handed')))
    await clock.advance(MAX_DELAY_MS)
    await duck.take(read.bytes, 'handed')
    await clock.advance(MAX_DELAY_MS + RETRY_MS)
    expect(faults.sent).to.have.length(1)
    expect(told).to.have.length(1)
  })

  it('takes a lost race for success', async () => {
    const read = packed(await twoReceipts())
    const faster = (): void => void faults.punished.set(read.faultId, 'faster')
    const duck = desk('duck', { before: faster })
    await duck.found(read.proof)
    await clock.advance(RETRY_MS * 3)
    expect(faults.sent).to.have.length(1)
    expect(duck.counts.punished).to.equal(1)
  })

  it('tries again while the chain does not answer, and keeps what it found meanwhile', async () => {
    const proof = await twoReceipts()
    faults.failing = new DuckMeshError('CHAIN_UNREACHABLE', 'Gone.')
    const duck = desk('duck')
    await duck.found(proof)
    await expectCode('CHAIN_UNREACHABLE', async () =>
      duck.take(packed(await twoReceipts('another')).bytes, 'handed'),
    )
    await clock.advance(RETRY_MS * 2)
    expect(duck.counts).to.deep.equal({ open: 1, submitted: 0, punished: 0, void: 0 })
    faults.failing = undefined
    await clock.advance(RETRY_MS)
    expect(duck.counts.submitted).to.equal(1)
  })

  it('gives up after twenty tries', async () => {
    const duck = desk('duck')
    await duck.found(await twoReceipts())
    faults.failing = new DuckMeshError('CHAIN_REVERTED', 'No ether.')
    await clock.advance(RETRY_MS * 100)
    expect(clock.pending).to.equal(0)
    expect(duck.counts.open).to.equal(1)
  })

  it('only watches when it is told not to submit', async () => {
    const read = packed(await twoReceipts())
    const duck = desk('duck', { submits: false })
    await duck.found(read.proof)
    await clock.advance(RETRY_MS * 2)
    expect([faults.sent.length, told.length, duck.counts.open]).to.deep.equal([0, 1, 1])
    faults.punished.set(read.faultId, 'another')
    await clock.advance(RETRY_MS)
    expect(duck.counts.punished).to.equal(1)
    expect(clock.pending).to.equal(0)
  })

  it('refuses what the chain would not slash for, and takes it when that changes', async () => {
    const read = packed(await twoReceipts())
    faults.void.add(read.hash)
    const duck = desk('duck')
    await expectCode('EVIDENCE_INVALID', () => duck.take(read.bytes, 'handed'))
    expect([told.length, duck.find(read.hash)]).to.deep.equal([0, undefined])
    faults.void.clear()
    await duck.take(read.bytes, 'handed')
    faults.void.add(read.hash)
    await clock.advance(MAX_DELAY_MS)
    expect(duck.counts).to.deep.equal({ open: 0, submitted: 0, punished: 0, void: 1 })
    faults.void.clear()
    await duck.take(read.bytes, 'handed')
    await clock.advance(MAX_DELAY_MS)
    expect(duck.counts).to.deep.equal({ open: 0, submitted: 1, punished: 0, void: 0 })
  })

  it('does not accuse itself, and says so', async () => {
    const read = packed(await twoReceipts('job', 'duck'))
    await expectCode('NOT_SUPPORTED', () => desk('duck').take(read.bytes, 'handed'))
    expect(faults.judged).to.equal(0)
  })

  it('goes on after a restart, with the same wait, and not with what is over', async () => {
    const store = new MemoryProofs()
    const [open, done] = await Promise.all(['open', 'done'].map((job) => twoReceipts(job)))
    const first = desk('duck', { store })
    if (open === undefined || done === undefined) throw new TypeError('two')
    await first.found(done)
    await clock.advance(0)
    await first.take(packed(open).bytes, 'handed')
    first.stop()
    await clock.advance(MAX_DELAY_MS)
    expect(faults.sent).to.have.length(1)
    const second = desk('duck', { store })
    await second.start()
    expect(second.counts).to.deep.equal({ open: 1, submitted: 1, punished: 0, void: 0 })
    await clock.advance(wait('duck', packed(open).hash))
    expect(faults.sent).to.have.length(2)
    expect([...store.records.values()].map(({ state }) => state)).to.deep.equal([
      'submitted',
      'submitted',
    ])
    clock.set(clock.now() + PROOF_TTL_MS + 1)
    const third = desk('duck', { store })
    await third.start()
    expect(third.counts.submitted).to.equal(0)
  })

  it('keeps a bounded number against one owner', async () => {
    const duck = desk('duck', { submits: false })
    for (let i = 0; i < MAX_PROOFS_PER_ACCUSED; i++) {
      await duck.take(packed(await twoReceipts(`job ${String(i)}`)).bytes, 'heard')
    }
    const more = packed(await twoReceipts('one more'))
    await expectCode('RATE_LIMITED', () => duck.take(more.bytes, 'heard'))
    const other = packed(await twoReceipts('job', 'weasel'))
    await duck.take(other.bytes, 'heard')
    expect(duck.counts.open).to.equal(MAX_PROOFS_PER_ACCUSED + 1)
  })

  it('has room again as soon as those against one owner are too old', async () => {
    const duck = desk('duck', { submits: false })
    for (let i = 0; i < MAX_PROOFS_PER_ACCUSED; i++) {
      await duck.take(packed(await twoReceipts(`job ${String(i)}`)).bytes, 'heard')
    }
    clock.set(clock.now() + PROOF_TTL_MS + 1)
    await duck.take(packed(await twoReceipts('one more')).bytes, 'heard')
    expect(duck.counts.open).to.equal(1)
  })
})
