/** Tests: proofs on disk, and what a bidder finds on its way to the desk. */
import { join } from 'node:path'
import { DuckMeshError, marketFrameCodec } from '@duckmesh/protocols'
import type { EvidenceProof } from '@duckmesh/protocols'
import type { ProofRecord } from '@duckmesh/protocols/evidence'
import { expect } from 'chai'
import { FoundEvidence, StoredProofs } from '../../src/peer/evidence-store.ts'
import { StoredEvidence } from '../../src/peer/market-records.ts'
import type { NodeStore } from '../../src/storage/index.ts'
import { openNodeStore } from '../../src/storage/index.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { settle } from '../settle.ts'
import { PROVIDER, hexOfDigit } from '../storage/rows.ts'
import { withTempDir } from '../temp-dir.ts'

async function withStore(use: (store: NodeStore) => Promise<void>): Promise<void> {
  await withTempDir(async (folder) => {
    const store = await openNodeStore(join(folder, 'provider.sqlite'))
    try {
      await use(store)
    } finally {
      await store.close()
    }
  })
}

const record = (digit: string, atMs: number): ProofRecord => ({
  hash: hexOfDigit(digit, 32),
  bytes: Uint8Array.of(0, 255, atMs),
  source: 'heard',
  state: 'open',
  atMs,
})

describe('StoredProofs', () => {
  it('gives back what it was given, newest first, beside other evidence', async () => {
    await withStore(async ({ records }) => {
      const proofs = new StoredProofs(records)
      const sent: ProofRecord = { ...record('a', 1), state: 'submitted', tx: hexOfDigit('f', 32) }
      await proofs.save(record('a', 1))
      await proofs.save(record('b', 2))
      await proofs.save(sent)
      const other = new StoredEvidence({ clock: new ManualClock(3), records })
      await other.keep('CHOICE_WRONG', [Uint8Array.of(1)])
      expect(await proofs.list(9)).to.deep.equal([record('b', 2), sent])
      // What the housekeeper does after the fault window.
      expect(await records.forget('evidence', 2)).to.equal(1)
      expect(await proofs.list(9)).to.deep.equal([record('b', 2)])
    })
  })
})

describe('FoundEvidence', () => {
  const network = { name: '31337-aaaaaaaa', chainId: 31_337, registry: hexOfDigit('a', 20) }
  const signature = `0x${'5a'.repeat(64)}1b` as const
  const base = { jobId: hexOfDigit('1', 32), attempt: 0, epoch: 1, turn: 2, seat: PROVIDER }
  const notice = (bids: number) =>
    marketFrameCodec.encode({
      kind: 'notice',
      notice: {
        match: { match: { ...base, bidsRoot: hexOfDigit('2', 32), bids }, signature },
        commits: [],
      },
    })

  it('keeps all of it, and has what the chain punishes brought there', async () => {
    const kept: string[] = []
    const found: EvidenceProof[] = []
    const logger = new NotedLogs()
    const evidence = new FoundEvidence({
      desk: {
        found: (proof) => {
          found.push(proof)
          return Promise.reject(new DuckMeshError('EVIDENCE_INVALID', 'No.'))
        },
      },
      kept: { keep: (code) => Promise.resolve(void kept.push(code)) },
      logger,
      network,
    })
    await evidence.keep('MATCH_CONTRADICTS', [notice(0), notice(1)])
    await evidence.keep('CHOICE_WRONG', [notice(0)])
    await settle()
    expect(kept).to.deep.equal(['MATCH_CONTRADICTS', 'CHOICE_WRONG'])
    expect(found.map(({ kind }) => kind)).to.deep.equal(['matches'])
    // What becomes of it does not disturb the bidder.
    expect(logger.of('evidence.not_taken')).to.deep.equal([
      { kind: 'matches', code: 'EVIDENCE_INVALID' },
    ])
  })
})
