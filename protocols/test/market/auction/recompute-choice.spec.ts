import { expect } from 'chai'
import { bytesToHex, hexToBytes } from '@duckmesh/proto'
import type { Hex, JobHeader, RelayedBid } from '@duckmesh/proto'
import type { ErrorCode } from '../../../src/error-codes.ts'
import { recomputeChoice } from '../../../src/market/auction/recompute-choice.ts'
import { expectCode } from '../../support/expect-code.ts'
import { ownerOf } from '../../support/mesh-fixtures.ts'
import { secret } from '../../support/test-crypto.ts'
import { AuctionFixture } from './auction-fixture.ts'

interface Auction {
  header: JobHeader
  jobId: Hex
}

describe('recomputeChoice', () => {
  let fix: AuctionFixture
  let job: Auction
  let bids: RelayedBid[]

  beforeEach(async () => {
    fix = new AuctionFixture()
    job = await fix.header()
    bids = [
      await fix.relayed(job, 'c', { priceOut: 9n * 10n ** 15n }),
      await fix.relayed(job, 'd', { priceOut: 2n * 10n ** 15n }),
      await fix.relayed(job, 'e', { priceOut: 5n * 10n ** 15n }),
    ]
  })

  const recompute = (proof: ReturnType<AuctionFixture['proof']>) =>
    recomputeChoice({ ...job, proof }, fix.components)

  it('opens the bids of a match and ranks them', async () => {
    const choice = await recompute(fix.proof([await fix.set(job, 'a', bids)]))
    expect(choice.ranked.map((bid) => bid.provider)).to.deep.equal(['d', 'e', 'c'].map(ownerOf))
    expect(choice.ranked[0]).to.include({ price: 320_000_000_000_000n, role: 'winner' })
    expect(choice.ranked[0]?.score).to.equal(320_000_000_000_000n * 1_000_000n)
    expect(choice.left).to.deep.equal([])
  })

  it('joins the matches of two seats', async () => {
    const [c, d, e] = bids as [RelayedBid, RelayedBid, RelayedBid]
    const sets = [await fix.set(job, 'a', [c, e]), await fix.set(job, 'b', [d, e])]
    const choice = await recompute(fix.proof(sets))
    expect(choice.ranked.map((bid) => bid.provider)).to.deep.equal(['d', 'e', 'c'].map(ownerOf))
    expect(choice.seat).to.equal(ownerOf('a'))
  })

  const bad: [name: string, code: ErrorCode, left: () => Promise<RelayedBid>][] = [
    [
      'sealed to another key',
      'BID_INVALID',
      async () => {
        const other = await fix.header({ reply: 'other' })
        return fix.relayed(
          { ...job, header: { ...job.header, replyKey: other.header.replyKey } },
          'b',
        )
      },
    ],
    [
      'with a changed ciphertext',
      'BID_INVALID',
      async () => {
        const { provider, sealed } = await fix.relayed(job, 'b')
        const ciphertext = sealed.ciphertext.slice()
        ciphertext[3] = (ciphertext[3] ?? 0) ^ 1
        return { provider, sealed: { ...sealed, ciphertext } }
      },
    ],
    [
      'of another job',
      'BID_INVALID',
      async () => fix.relayed({ ...job, jobId: bytesToHex(secret('other job')) }, 'b'),
    ],
    [
      'replayed from an earlier attempt',
      'BID_INVALID',
      () => fix.relayed(job, 'b', { attempt: 1 }),
    ],
    [
      'copied from another provider',
      'BID_INVALID',
      async () => ({
        ...(bids[1] ?? expect.fail()),
        provider: ownerOf('b'),
      }),
    ],
    [
      'resealed from another provider',
      'BID_INVALID',
      () => fix.relayed(job, 'b', { provider: ownerOf('d') }),
    ],
    ['not signed by the operator', 'BAD_SIGNATURE', () => fix.relayed(job, 'b', { signer: 'c' })],
    ['of an unregistered provider', 'INVALID_PROVIDER', () => fix.relayed(job, 'stranger')],
    ['above the cap', 'PRICE_ABOVE_CAP', () => fix.relayed(job, 'b', { priceOut: 10n ** 19n })],
    ['that expires at once', 'BID_INVALID', () => fix.relayed(job, 'b', { expiry: fix.now + 5 })],
  ]
  for (const [name, code, make] of bad) {
    it(`a bid ${name} does not count: ${code}`, async () => {
      const all = [...bids, await make()]
      const choice = await recompute(fix.proof([await fix.set(job, 'a', all)]))
      expect(choice.ranked).to.have.length(3)
      expect(choice.left.map((one) => one.code)).to.deep.equal([code])
    })
  }

  it('leaves out whom the client excludes', async () => {
    const proof = fix.proof([await fix.set(job, 'a', bids)], { excluded: [ownerOf('d')] })
    const choice = await recompute(proof)
    expect(choice.ranked.map((bid) => bid.provider)).to.deep.equal(['e', 'c'].map(ownerOf))
    expect(choice.left[0]).to.include({ code: 'PROVIDER_UNAVAILABLE', provider: ownerOf('d') })
  })

  it('refuses a reply secret that is not of the header: bids would open differently', async () => {
    const replySecret = bytesToHex(secret('reply other'))
    const proof = fix.proof([await fix.set(job, 'a', bids)], { replySecret })
    await expectCode('BID_INVALID', () => recompute(proof))
  })

  it('refuses bids that are not those of the match', async () => {
    const set = await fix.set(job, 'a', bids)
    const swapped = { ...set, bids: [...bids.slice(1), await fix.relayed(job, 'c')] }
    const twice = { ...set, bids: [bids[0], bids[0], bids[1]] as RelayedBid[] }
    for (const bad of [swapped, { ...set, bids: bids.slice(1) }, twice]) {
      await expectCode('MATCH_INVALID', () => recompute(fix.proof([bad])))
    }
  })

  it('refuses a match of another job or attempt, of another signer, and of one seat twice', async () => {
    const other = await fix.set(job, 'a', bids, { attempt: 1 })
    const forged = await fix.set(job, 'a', bids, { signer: 'b' })
    const set = await fix.set(job, 'a', bids)
    const again = await fix.set(job, 'a', bids.slice(1))
    for (const sets of [[other], [forged], [set, again], []]) {
      await expectCode('MATCH_INVALID', () => recompute(fix.proof(sets)))
    }
  })

  it('refuses a match by a peer without a seat, or for a turn that does not exist', async () => {
    fix.chain.join('poor', 0n)
    await expectCode('STALE_SEAT', async () =>
      recompute(fix.proof([await fix.set(job, 'poor', bids)])),
    )
    const beyond = await fix.set(job, 'a', bids, { turn: 60 })
    await expectCode('STALE_SEAT', () => recompute(fix.proof([beyond])))
  })

  it('refuses matches of distant turns, takes those of neighbours', async () => {
    const { epoch, turn } = fix.turn()
    const set = await fix.set(job, 'a', bids)
    const next = await fix.set(job, 'b', bids, { turn: turn + 1 })
    const last = await fix.set(job, 'b', bids, { epoch: epoch - 1, turn: 59 })
    const far = await fix.set(job, 'b', bids, { turn: turn + 2 })
    for (const other of [next, last]) {
      expect((await recompute(fix.proof([set, other]))).ranked).to.have.length(3)
      expect((await recompute(fix.proof([other, set]))).ranked).to.have.length(3)
    }
    await expectCode('MATCH_INVALID', () => recompute(fix.proof([set, far])))
  })

  it('refuses a score rule that does not exist', async () => {
    const proof = fix.proof([await fix.set(job, 'a', bids)], { ruleVersion: 2 })
    await expectCode('NOT_SUPPORTED', () => recompute(proof))
  })

  it('says CHAIN_UNREACHABLE when the chain view is stale, so nobody is accused', async () => {
    const proof = fix.proof([await fix.set(job, 'a', bids)])
    fix.chain.unknown = true
    await expectCode('CHAIN_UNREACHABLE', () => recompute(proof))
  })

  describe('of a redundant job', () => {
    beforeEach(async () => {
      job = await fix.header({ mode: 0, replicas: 2 })
      bids = await Promise.all(['b', 'c', 'd', 'e'].map((label) => fix.relayed(job, label)))
    })

    it('draws the members with the secret that the order committed to', async () => {
      const { draw, auditHash } = fix
      const sets = [await fix.set(job, 'a', bids)]
      const choice = await recompute(fix.proof(sets, { draw, auditHash }))
      const roles = choice.ranked.map((bid) => bid.role)
      expect(roles).to.deep.equal(['member', 'member', 'backup', 'backup'])
      expect(await recompute(fix.proof(sets, { draw, auditHash }))).to.deep.equal(choice)
    })

    it('refuses another draw, or none', async () => {
      const { draw, auditHash } = fix
      const sets = [await fix.set(job, 'a', bids)]
      const other = bytesToHex(secret('other draw'))
      const changed = hexToBytes(auditHash)
      changed[0] = (changed[0] ?? 0) ^ 1
      for (const wrong of [
        { draw: other, auditHash },
        { draw, auditHash: bytesToHex(changed) },
        { draw },
        {},
      ]) {
        await expectCode('CHOICE_WRONG', () => recompute(fix.proof(sets, wrong)))
      }
    })
  })
})
