/** Tests: what is a proof and what is not. */
import { evidenceProofCodec, limits, marketFrameCodec } from '@duckmesh/proto'
import type { EvidenceProof, SignedReceipt } from '@duckmesh/proto'
import { expect } from 'chai'
import fc from 'fast-check'
import { proofOfFrames, proofOfReceipts } from '../../src/evidence/make-proof.ts'
import { proofHash, readProof } from '../../src/evidence/read-proof.ts'
import { submitDelay } from '../../src/evidence/submit-delay.ts'
import { sortedCommits } from '../../src/market/index.ts'
import { signStruct } from '../../src/signed-struct.ts'
import { expectCode } from '../support/expect-code.ts'
import { ownerOf } from '../support/mesh-fixtures.ts'
import { TEST_NETWORK, testSigner } from '../support/test-crypto.ts'
import { CHECK, hashOf, omission, packed, signedAck } from './proofs.ts'
import { signedMatch, signedReceipt, twoReceipts } from './proofs.ts'

const refused = (code: Parameters<typeof expectCode>[0], proof: EvidenceProof) =>
  expectCode(code, () => readProof(evidenceProofCodec.encode(proof), CHECK))

const receipts = (first: SignedReceipt, second: SignedReceipt): EvidenceProof =>
  proofOfReceipts(TEST_NETWORK, [first, second])

describe('readProof', () => {
  it('takes two receipts for one step, whichever came first', async () => {
    const [a, b] = await Promise.all([signedReceipt(), signedReceipt({ last: true })])
    const proof = packed(receipts(a, b))
    expect(packed(receipts(b, a))).to.deep.equal(proof)
    expect(proof.accused).to.equal(ownerOf('fox'))
    expect(proof.hash).to.equal(proofHash(proof.bytes))
    expect(proof.proof.kind).to.equal('receipts')
  })

  it('names a fault the same whatever proves it, and another fault otherwise', async () => {
    const [a, b, c] = await Promise.all([
      signedReceipt(),
      signedReceipt({ amount: 5n }),
      signedReceipt({ amount: 6n }),
    ])
    const one = packed(receipts(a, b))
    const other = packed(receipts(b, c))
    expect(one.hash).to.not.equal(other.hash)
    expect(one.faultId).to.equal(other.faultId)
    expect(packed(await twoReceipts('another job')).faultId).to.not.equal(one.faultId)
  })

  it('takes two verdicts, two matches, and a match without an acknowledged bid', async () => {
    const statement = {
      receiptHash: hashOf('receipt'),
      verifier: ownerOf('fox'),
      outcome: 0,
      leavesRoot: hashOf('leaves'),
    }
    const signed = async (outcome: number) => {
      const said = { ...statement, outcome }
      const signature = await signStruct(testSigner('fox'), TEST_NETWORK, 'Verdict', said)
      return { statement: said, signature }
    }
    const [ok, fault] = await Promise.all([signed(0), signed(1)])
    const orders: EvidenceProof[] = [
      { kind: 'verdicts', verdicts: { first: ok, second: fault } },
      { kind: 'verdicts', verdicts: { first: fault, second: ok } },
    ]
    const good = orders.filter((proof) => {
      try {
        return packed(proof).accused === ownerOf('fox')
      } catch {
        return false
      }
    })
    expect(good, 'one order of the two').to.have.length(1)
    expect(packed(await omission()).accused).to.equal(ownerOf('fox'))
    const empty = await signedMatch([])
    const frames = [empty, await signedMatch([hashOf('a')])].map((match) =>
      marketFrameCodec.encode({ kind: 'notice', notice: { match, commits: [] } }),
    )
    const matches = proofOfFrames(TEST_NETWORK, 'MATCH_CONTRADICTS', frames)
    expect(matches && packed(matches).proof.kind).to.equal('matches')
  })

  it('makes an omission from the frames that a bidder keeps, and nothing from what the chain does not punish', async () => {
    const commits = ['c', 'a', 'b'].map(hashOf)
    const match = await signedMatch(commits)
    const frames = [
      marketFrameCodec.encode({ kind: 'bidAck', bidAck: await signedAck(hashOf('d')) }),
      marketFrameCodec.encode({ kind: 'notice', notice: { match, commits } }),
    ]
    const proof = proofOfFrames(TEST_NETWORK, 'BID_OMITTED', frames)
    expect(proof && packed(proof).proof.kind).to.equal('omission')
    expect(proofOfFrames(TEST_NETWORK, 'MATCH_INVALID', frames)).to.equal(undefined)
    expect(proofOfFrames(TEST_NETWORK, 'BID_OMITTED', [])).to.equal(undefined)
  })

  describe('refuses', () => {
    it('the same receipt twice', async () => {
      const once = await signedReceipt()
      await refused('EVIDENCE_INVALID', {
        kind: 'receipts',
        receipts: { first: once, second: once },
      })
    })

    for (const [what, changes] of [
      ['job', { jobId: hashOf('other') }],
      ['segment', { segment: 1 }],
      ['item', { item: 1 }],
      ['step', { seq: 1 }],
      ['provider', { provider: ownerOf('duck') }],
    ] as const) {
      it(`receipts of another ${what}`, async () => {
        const pair = await Promise.all([signedReceipt(), signedReceipt({ ...changes, amount: 2n })])
        await refused('EVIDENCE_INVALID', receipts(...pair))
      })
    }

    it('messages that nobody signed, with a high s or a strange v', async () => {
      const [a, b] = await Promise.all([signedReceipt(), signedReceipt({ amount: 2n })])
      const high = `${b.signature.slice(0, 66)}${'f'.repeat(64)}1b` as const
      for (const signature of [`0x${'00'.repeat(65)}`, high, `${b.signature.slice(0, -2)}05`]) {
        const forged = { ...b, signature: signature as `0x${string}` }
        await refused('BAD_SIGNATURE', receipts(a, forged))
      }
    })

    it('the two messages in the other order: they make one proof, not two', async () => {
      const proof = await twoReceipts()
      if (proof.kind !== 'receipts') throw new TypeError('receipts')
      const { first, second } = proof.receipts
      const swapped = { first: second, second: first }
      await refused('EVIDENCE_INVALID', { kind: 'receipts', receipts: swapped })
    })

    it('matches of another attempt, and an acknowledgement by another seat', async () => {
      const [first, second] = await Promise.all([signedMatch([]), signedMatch([], { attempt: 1 })])
      for (const matches of [
        { first, second },
        { first: second, second: first },
      ]) {
        await refused('EVIDENCE_INVALID', { kind: 'matches', matches })
      }
      const commits = [hashOf('a')]
      const [match, ack] = await Promise.all([
        signedMatch(commits),
        signedAck(hashOf('d'), { seat: ownerOf('duck') }),
      ])
      await refused('EVIDENCE_INVALID', { kind: 'omission', omission: { match, ack, commits } })
    })

    it('an omission whose commitments are not those of the match, or hold the bid', async () => {
      const commits = sortedCommits(['a', 'b', 'c'].map(hashOf))
      const [match, ack] = await Promise.all([signedMatch(commits), signedAck(hashOf('d'))])
      for (const wrong of [
        commits.slice(1),
        [...commits].reverse(),
        [...commits, hashOf('z')].sort(),
      ]) {
        const bad = { match, ack, commits: wrong }
        await refused('EVIDENCE_INVALID', { kind: 'omission', omission: bad })
      }
      const held = { match, ack: await signedAck(hashOf('b')), commits }
      await refused('EVIDENCE_INVALID', { kind: 'omission', omission: held })
    })

    it('a second encoding of the same proof, and too many bytes', async () => {
      const { bytes } = packed(await twoReceipts())
      // An unknown field, which a decoder passes over.
      const padded = Uint8Array.from([...bytes, 0xf8, 0x01, 0x01])
      await expectCode('EVIDENCE_INVALID', () => readProof(padded, CHECK))
      const huge = new Uint8Array(limits.MAX_PROOF_BYTES + 1)
      await expectCode('FRAME_TOO_LARGE', () => readProof(huge, CHECK))
    })

    it('random bytes, with a code', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
          try {
            readProof(bytes, CHECK)
            return false
          } catch (error) {
            return (error as { stage?: string }).stage !== undefined
          }
        }),
      )
    })
  })

  it('does not say who may sign: that is for the chain', async () => {
    const pair = await Promise.all([
      signedReceipt({}, 'anybody'),
      signedReceipt({ amount: 2n }, 'somebody else'),
    ])
    expect(packed(receipts(...pair)).accused).to.equal(ownerOf('fox'))
  })
})

describe('submitDelay', () => {
  it('is spread over the time, the same each time, and another one for each proof', () => {
    const owners = Array.from({ length: 200 }, (_, i) => ownerOf(`owner ${String(i)}`))
    const waits = owners.map((owner) => submitDelay(owner, hashOf('proof'), 10_000))
    expect(waits).to.deep.equal(owners.map((owner) => submitDelay(owner, hashOf('proof'), 10_000)))
    expect(Math.min(...waits)).to.be.within(0, 500)
    expect(Math.max(...waits)).to.be.within(9_500, 9_999)
    expect(waits.filter((ms) => ms < 5_000).length).to.be.within(70, 130)
    const others = owners.map((owner) => submitDelay(owner, hashOf('other'), 10_000))
    expect(others.filter((ms, i) => ms === waits[i]).length).to.be.lessThan(5)
  })
})
