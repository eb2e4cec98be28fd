/** Tests: how the proofs behind notices are fetched, and holders that do not keep their word. */
import type { Hex } from '@duckmesh/proto'
import { expect } from 'chai'
import { MAX_HOLDERS, MAX_WANTED, MUTE_MS } from '../../src/evidence/constants.ts'
import { EvidenceCollector } from '../../src/evidence/evidence-collector.ts'
import { EvidenceDesk } from '../../src/evidence/evidence-desk.ts'
import type { CheckedProof } from '../../src/evidence/interface.ts'
import { proofHash } from '../../src/evidence/read-proof.ts'
import { DuckMeshError } from '../../src/errors.ts'
import { FakeClock, settle } from '../support/fake-clock.ts'
import { memoryLogger } from '../support/memory-logger.ts'
import { ownerOf } from '../support/mesh-fixtures.ts'
import { testPeerSigner } from '../support/test-crypto.ts'
import { CHECK, FakeFaults, MemoryProofs, hashOf, noticeOf } from './proofs.ts'
import { packed, twoReceipts } from './proofs.ts'

/** What a peer answers: bytes, nothing, or an error. */
type Give = (hash: Hex, signal: AbortSignal) => Promise<Uint8Array | undefined>

const silent: Give = () => Promise.reject(new DuckMeshError('TIMED_OUT', 'No answer.'))
const empty: Give = () => Promise.resolve(undefined)
const giving =
  (bytes: Uint8Array): Give =>
  () =>
    Promise.resolve(bytes)

describe('EvidenceCollector', () => {
  let clock: FakeClock
  let faults: FakeFaults
  let proof: CheckedProof
  let desk: EvidenceDesk
  let collector: EvidenceCollector
  let holders: Map<Hex, Give>
  let asked: string[]

  beforeEach(async () => {
    clock = new FakeClock()
    faults = new FakeFaults()
    proof = packed(await twoReceipts())
    holders = new Map()
    asked = []
    const shared = { ...CHECK, clock, logger: memoryLogger() }
    desk = new EvidenceDesk(
      {
        ...shared,
        faults,
        reporter: faults.reporter('duck'),
        store: new MemoryProofs(),
        announce: () => Promise.resolve(),
      },
      { self: { owner: ownerOf('duck'), peerKey: testPeerSigner('duck').peerKey }, maxDelayMs: 10 },
    )
    collector = new EvidenceCollector({
      ...shared,
      desk,
      self: ownerOf('duck'),
      fetch: async (holder, hash, signal) => {
        const [label = '?'] = LABELS.filter((each) => testPeerSigner(each).peerKey === holder)
        asked.push(label)
        return (holders.get(holder) ?? silent)(hash, signal)
      },
    })
  })

  const LABELS = ['fox', 'goose', 'swan', 'teal']
  const holds = (label: string, give: Give): void =>
    void holders.set(testPeerSigner(label).peerKey, give)
  const hear = async (...labels: string[]): Promise<void> => {
    for (const label of labels) collector.heard(noticeOf(proof, label))
    await settle()
    await settle()
  }

  it('fetches what it does not have, checks it and has it brought to the chain', async () => {
    holds('goose', giving(proof.bytes))
    await hear('goose')
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
    await clock.advance(10)
    expect(faults.sent).to.have.length(1)
    await hear('goose', 'swan')
    expect(asked).to.deep.equal(['goose'])
  })

  it('asks the next holder when the first one, the accused, never answers', async () => {
    const never = Promise.withResolvers<undefined>()
    holds('fox', () => never.promise)
    holds('goose', empty)
    holds('swan', giving(proof.bytes))
    await hear('fox', 'goose', 'swan')
    expect(asked).to.deep.equal(['fox'])
    // What the deadline of a question does.
    never.reject(new DuckMeshError('TIMED_OUT', 'No answer.'))
    await settle()
    await settle()
    expect(asked).to.deep.equal(['fox', 'goose', 'swan'])
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
  })

  it('asks again when somebody else holds it later', async () => {
    await hear('fox')
    expect(desk.find(proof.hash)).to.equal(undefined)
    holds('goose', giving(proof.bytes))
    await hear('goose')
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
  })

  it('does not ask a holder for a while that gave bytes of another hash, but the next one', async () => {
    const other = packed(await twoReceipts('another'))
    holds('fox', giving(other.bytes))
    holds('goose', giving(proof.bytes))
    await hear('fox', 'goose')
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
    expect(desk.find(other.hash)).to.equal(undefined)
    collector.heard({ ...noticeOf(other, 'fox') })
    await settle()
    expect(asked).to.deep.equal(['fox', 'goose'])
    clock.set(clock.now() + MUTE_MS)
    collector.heard({ ...noticeOf(other, 'fox') })
    await settle()
    expect(asked).to.deep.equal(['fox', 'goose', 'fox'])
  })

  it('asks nobody for what proves nothing, whoever tells of it', async () => {
    const bytes = Uint8Array.of(1, 2, 3)
    const notice = { ...noticeOf(proof, 'fox'), hash: proofHash(bytes), size: 3 }
    holds('fox', giving(bytes))
    collector.heard(notice)
    await settle()
    collector.heard({ ...notice, holder: testPeerSigner('goose').peerKey })
    await settle()
    expect(asked).to.deep.equal(['fox'])
    expect([faults.judged, desk.find(notice.hash)]).to.deep.equal([0, undefined])
  })

  it('believes no notice that says something else than its proof', async () => {
    holds('fox', giving(proof.bytes))
    for (const lie of [
      { accused: ownerOf('goose') },
      { kind: 'matches' as const },
      { size: proof.bytes.length + 1 },
    ]) {
      collector.heard({ ...noticeOf(proof, 'fox'), ...lie })
      await settle()
      expect(desk.find(proof.hash)).to.equal(undefined)
      clock.set(clock.now() + MUTE_MS)
    }
    expect(faults.judged).to.equal(0)
  })

  it('keeps nothing that the chain would not slash for, and does not blame the holder', async () => {
    faults.void.add(proof.hash)
    holds('fox', giving(proof.bytes))
    await hear('fox')
    expect([faults.judged, desk.find(proof.hash)]).to.deep.equal([1, undefined])
    faults.void.clear()
    await hear('fox')
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
  })

  it('does not fetch what accuses this node', async () => {
    const against = packed(await twoReceipts('job', 'duck'))
    collector.heard(noticeOf(against, 'fox'))
    await settle()
    expect(asked).to.deep.equal([])
  })

  it('wants a bounded number of proofs, asks for four at a time and a bounded number of holders', async () => {
    const never = Promise.withResolvers<undefined>()
    const pending: Give = () => never.promise
    for (let i = 0; i < 2 * MAX_WANTED; i++) {
      const notice = { ...noticeOf(proof, 'fox'), hash: hashOf(`flood ${String(i)}`) }
      holds('fox', pending)
      collector.heard(notice)
    }
    await settle()
    expect(asked).to.have.length(4)
    const [first] = [hashOf('flood 0')]
    for (let i = 0; i < 3 * MAX_HOLDERS; i++) {
      const holder = testPeerSigner(`crowd ${String(i)}`).peerKey
      collector.heard({ ...noticeOf(proof, 'fox'), hash: first, holder })
    }
    never.resolve(undefined)
    for (let i = 0; i < 200; i++) await settle()
    // One of each that was wanted, and the crowd behind the first one.
    expect(asked).to.have.length(MAX_WANTED + MAX_HOLDERS)
    holds('goose', giving(proof.bytes))
    await hear('goose')
    expect(desk.find(proof.hash)).to.deep.equal(proof.bytes)
  })

  it('stops', async () => {
    const never = Promise.withResolvers<undefined>()
    let ended: unknown
    holds('fox', (_, signal) => {
      signal.addEventListener('abort', () => {
        ended = signal.reason
        never.resolve(undefined)
      })
      return never.promise
    })
    await hear('fox', 'goose')
    collector.stop()
    await settle()
    await hear('goose')
    expect(asked).to.deep.equal(['fox'])
    expect(ended).to.be.instanceOf(DuckMeshError)
  })
})
