/** Real peers against awards, seats and openings that follow no rules of the market. */
import { expect } from 'chai'
import type { AwardFrame, BidSet, RelayedBid, SignedBid } from '@duckmesh/proto'
import { readProvider } from '@duckmesh/contracts'
import { bytesToHex, lowerHex, signStruct } from '@duckmesh/protocols'
import type { AuctionProof, Hex } from '@duckmesh/protocols'
import { bidCommit, bidsRoot } from '@duckmesh/protocols/market'
import { providerAccounts } from '../src/chain/accounts.ts'
import type { TestNet } from './support/devnets.ts'
import { ownerOf } from './support/devnets.ts'
import { HostileMarket, PAYER, POOR, STRANGER } from './support/hostile-market.ts'
import { RawClient, addressOf, inSeconds } from './support/raw-client.ts'
import { RawMarket, auctionAward, bidderOf, matchAt, proofOf } from './support/raw-market.ts'
import { rankedBids, rawBid, sealHeader } from './support/raw-market.ts'
import type { RawJob } from './support/raw-market.ts'
import { rng, signerOf } from './support/raw-peer.ts'
import type { RawPeer } from './support/raw-peer.ts'
import { until } from './support/until.ts'

/** Registered too late to have a seat. */
const LATE = providerAccounts(13)

describe('real peers against awards and seats that follow no rules of the market', function () {
  this.timeout(120_000)
  let market: HostileMarket
  let world: TestNet
  let peer: RawPeer
  let strange: RawPeer
  let client: RawClient
  let seat: RawMarket

  before(async () => {
    market = await HostileMarket.start()
    ;({ client, peer, strange, world } = market)
  })
  beforeEach(async () => {
    seat = await market.openSeat()
  })
  after(() => market.stop())

  describe('awards', () => {
    let wanted: RawJob
    let set: BidSet
    let proof: AuctionProof
    let best: SignedBid
    let award: AwardFrame

    before(async () => {
      await until('two providers bid', async () => {
        wanted = await market.job()
        set = await matchAt(market.seat, wanted)
        return set.bids.length >= 2
      })
      proof = proofOf(wanted, [set])
      best = await market.bidOf(wanted, set, market.provider(0))
      award = await auctionAward(client, wanted, proof, best)
    })

    function withProof(change: Partial<AuctionProof>): Promise<AwardFrame> {
      return auctionAward(client, wanted, { ...proof, ...change }, best)
    }

    async function withMatch(
      bids: BidSet['bids'],
      signer = signerOf(STRANGER.operator),
      seatOwner?: Hex,
    ): Promise<AwardFrame> {
      const { match } = set.match
      const root = bidsRoot(bids.map((relayed) => bidCommit(match, relayed)))
      const changed = { ...match, bidsRoot: root, bids: bids.length, seat: seatOwner ?? match.seat }
      const signature = await signStruct(signer, peer.network, 'Match', changed)
      return withProof({ sets: [{ match: { match: changed, signature }, bids }] })
    }

    it('at a price that is not that of the bid are PRICE_MISMATCH', async () => {
      expect(await market.answerTo({ ...award, priceOut: award.priceOut - 1n })).to.equal(
        'PRICE_MISMATCH',
      )
      expect(await market.answerTo({ ...award, priceIn: award.priceIn - 1n })).to.equal(
        'PRICE_MISMATCH',
      )
    })

    it('to a place that is not yet asked are CHOICE_WRONG', async () => {
      const [, second] = await rankedBids(wanted, set)
      if (second === undefined) throw new TypeError('Only one bid came.')
      const n = world.net.providers.findIndex((one) => ownerOf(one) === second.bid.provider)
      const other = await RawClient.start(peer, PAYER, market.at(n))
      expect(
        await market.answerTo(await auctionAward(other, wanted, proof, second), other),
      ).to.equal('CHOICE_WRONG')
    })

    it('with bids opened by another secret, or naming another bid, are BID_INVALID', async () => {
      const replySecret = bytesToHex(rng.bytes(32))
      expect(await market.answerTo(await withProof({ replySecret }))).to.equal('BID_INVALID')
      const another = { ...best, bid: { ...best.bid, etaMs: best.bid.etaMs + 1 } }
      const named = await auctionAward(client, wanted, proof, another)
      expect(await market.answerTo(named)).to.equal('BID_INVALID')
    })

    it('whose match lacks a bid, or is not signed by its seat, are MATCH_INVALID', async () => {
      const [first] = set.bids
      const shorter = [{ match: set.match, bids: first === undefined ? [] : [first] }]
      expect(await market.answerTo(await withProof({ sets: shorter }))).to.equal('MATCH_INVALID')
      expect(await market.answerTo(await withMatch(set.bids.slice(0, 1)))).to.equal('MATCH_INVALID')
      expect(await market.answerTo(await withProof({ sets: [set, set] }))).to.equal('MATCH_INVALID')
    })

    it('whose match is by a seat that got no bid, or by nobody with a seat, are STALE_SEAT', async () => {
      const owner = lowerHex(STRANGER.owner.address)
      expect(await market.answerTo(await withMatch(set.bids, undefined, owner))).to.equal(
        'STALE_SEAT',
      )
      const nobody = lowerHex(LATE.owner.address)
      const signer = signerOf(LATE.operator)
      expect(await market.answerTo(await withMatch(set.bids, signer, nobody))).to.equal(
        'STALE_SEAT',
      )
    })

    it('by a rule that nobody knows, or without any proof, are refused', async () => {
      expect(await market.answerTo(await withProof({ ruleVersion: 2 }))).to.equal('NOT_SUPPORTED')
      const { auction, ...bare } = award
      expect(auction).to.not.equal(undefined)
      expect(await market.answerTo(bare)).to.equal('AWARD_INVALID')
    })

    it('that are right are accepted after all of that', async () => {
      expect(await market.answerTo(award)).to.equal('accept')
      expect(await market.answerTo(award), 'and once').to.equal('SEGMENT_USED')
    })
  })

  describe('seats', () => {
    const owner = lowerHex(STRANGER.owner.address)
    let link: RawMarket

    before(async () => {
      await world.net.funder.registerProvider({ ...LATE, peerKey: bytesToHex(rng.bytes(32)) })
    })
    beforeEach(async () => {
      link = await RawMarket.asPeer(strange, STRANGER.operator, market.at(1))
    })
    afterEach(() => link.close())

    /** The turn of the local chain by the clock (rule E-1). */
    function turn(): { epoch: number; turn: number } {
      const now = inSeconds(0)
      return { epoch: Math.floor(now / 60), turn: Math.floor((now % 60) / 10) }
    }

    /** Invites the second provider as the seat that the stranger has, and gives its bid. */
    async function invited(wanted: RawJob): Promise<RelayedBid> {
      const invite = { header: wanted.envelope, seat: owner, ...turn(), closesInMs: 250 }
      await link.send({ kind: 'invite', invite })
      const { bid } = await link.next('bid', (frame) => frame.bid.jobId === wanted.jobId)
      return { provider: bid.provider, sealed: bid.sealed }
    }

    /** A match of these bids by the stranger's seat, with the list of their commitments. */
    async function notice(
      wanted: RawJob,
      bids: readonly RelayedBid[],
      listed = bids,
    ): Promise<void> {
      const ref = { jobId: wanted.jobId, attempt: wanted.header.attempt }
      const commits = bids.map((relayed) => bidCommit(ref, relayed)).sort()
      const match = {
        ...ref,
        ...turn(),
        seat: owner,
        bidsRoot: bidsRoot(commits),
        bids: bids.length,
      }
      const { network } = strange
      const signature = await signStruct(signerOf(STRANGER.operator), network, 'Match', match)
      const shown = listed.map((relayed) => bidCommit(ref, relayed)).sort()
      await link.send({ kind: 'notice', notice: { match: { match, signature }, commits: shown } })
    }

    async function acknowledge(wanted: RawJob, relayed: RelayedBid): Promise<void> {
      const ref = { jobId: wanted.jobId, attempt: wanted.header.attempt }
      const ack = { ...ref, seat: owner, commit: bidCommit(ref, relayed) }
      const { network } = strange
      const signature = await signStruct(signerOf(STRANGER.operator), network, 'BidAck', ack)
      await link.send({ kind: 'bidAck', bidAck: { ack, signature } })
    }

    /** What the hostile seat has at stake, wei. */
    async function stake(): Promise<bigint> {
      const { addresses, publicClient } = world.net.funder
      const provider = STRANGER.owner.address
      return (await readProvider(publicClient, { addresses, provider }))?.stake ?? 0n
    }

    it('that the election did not draw get a pass: STALE_SEAT', async () => {
      const late = await RawMarket.asPeer(peer, LATE.operator, market.at(1))
      const wanted = await market.job()
      const nobody = lowerHex(LATE.owner.address)
      const invite = { header: wanted.envelope, seat: nobody, ...turn(), closesInMs: 250 }
      await late.send({ kind: 'invite', invite })
      const { pass } = await late.next('pass', (frame) => frame.pass.jobId === wanted.jobId)
      expect(pass.code).to.equal('STALE_SEAT')
      const next = { ...turn(), epoch: turn().epoch + 2 }
      await link.send({ kind: 'invite', invite: { ...invite, seat: owner, ...next } })
      const other = await link.next('pass', (frame) => frame.pass.jobId === wanted.jobId)
      expect(other.pass.code, 'of a later turn').to.equal('STALE_SEAT')
    })

    it('that leave out a bid which they acknowledged leave evidence: BID_OMITTED, and lose a hundredth of the stake', async () => {
      const before = await stake()
      const kind = market.logged(market.provider(1), 'market.evidence', 'kind')
      const wanted = await market.job()
      const relayed = await invited(wanted)
      await acknowledge(wanted, relayed)
      await notice(wanted, [])
      expect(await kind()).to.equal('BID_OMITTED')
      await until('the bidder brought it to the chain', async () => (await stake()) < before)
      expect(await stake()).to.equal(before - before / 100n)
    })

    it('that sign two matches of one attempt leave evidence: MATCH_CONTRADICTS, and lose a hundredth of the stake', async () => {
      const before = await stake()
      const wanted = await market.job()
      const relayed = await invited(wanted)
      await notice(wanted, [relayed])
      const kind = market.logged(market.provider(1), 'market.evidence', 'kind')
      await notice(wanted, [relayed, await rawBid(strange, wanted, bidderOf(STRANGER))])
      expect(await kind()).to.equal('MATCH_CONTRADICTS')
      await until('the bidder brought it to the chain', async () => (await stake()) < before)
      expect(await stake()).to.equal(before - before / 100n)
    })

    it('whose list is not what they signed leave evidence: MATCH_INVALID', async () => {
      const before = await stake()
      const kind = market.logged(market.provider(1), 'market.evidence', 'kind')
      const wanted = await market.job()
      const relayed = await invited(wanted)
      const another = await rawBid(strange, wanted, bidderOf(STRANGER))
      await notice(wanted, [relayed], [another])
      expect(await kind()).to.equal('MATCH_INVALID')
      // Not proved by two signatures: the chain does not punish it.
      expect(await stake()).to.equal(before)
    })

    it('that do no harm leave none', async () => {
      const from = world.logs.length
      const wanted = await market.job()
      const relayed = await invited(wanted)
      await acknowledge(wanted, relayed)
      await notice(wanted, [relayed])
      await notice(wanted, [relayed])
      // The same link answers in order of work: when the next bid is here, both notices were looked at.
      await invited(await market.job())
      const lines = world.logs.slice(from).map(({ line }) => line)
      expect(lines.filter((line) => line.includes('market.evidence'))).to.deep.equal([])
    })
  })

  describe('openings', () => {
    /** The code with which the seat refuses openings of a job that paid so much. */
    async function refusal(
      paid: bigint,
      change: (job: RawJob, set: BidSet) => Promise<object>,
    ): Promise<string> {
      const wanted = await market.job()
      const set = await matchAt(seat, wanted)
      const { jobId } = wanted
      const proof = proofOf(wanted, [set])
      const ranked = await rankedBids(wanted, set)
      const winners = ranked.slice(0, 1).map(({ bid }) => bid.provider)
      const good = { jobId, attempt: 0, proof, winners, paid }
      const openings = { ...good, ...(await change(wanted, set)) }
      await seat.send({ kind: 'openings', openings })
      return seat.refusal(jobId)
    }

    it('without the fee are SEAT_FEE_DUE', async () => {
      expect(await refusal(1_000n, () => Promise.resolve({}))).to.equal('SEAT_FEE_DUE')
    })

    it('with a fee that the payer did not sign are VOUCHER_INVALID', async () => {
      const code = await refusal(1_000n, async () => {
        const voucher = {
          payer: lowerHex(PAYER.address),
          provider: ownerOf(market.provider(0)),
          cumulative: 10n,
        }
        const forger = signerOf(POOR)
        const signature = await signStruct(forger, peer.network, 'ServiceVoucher', voucher)
        return { fee: { voucher, signature } }
      })
      expect(code).to.equal('VOUCHER_INVALID')
    })

    it('that name another winner than the bids are CHOICE_WRONG', async () => {
      const winners = [lowerHex(STRANGER.owner.address)]
      expect(await refusal(0n, () => Promise.resolve({ winners }))).to.equal('CHOICE_WRONG')
    })
  })

  describe('afterwards', () => {
    it('everybody who behaves is served as before', async () => {
      expect((await world.auction()).states.at(-1)?.state).to.equal('finalized')
      for (const { child } of world.net.providers) expect(child.gone).to.equal(false)
    })

    it('a seat that was killed gives the match that it signed before', async () => {
      const wanted = await market.job()
      const set = await matchAt(seat, wanted)
      await world.kill(market.provider(0))
      await world.net.restartProvider(market.provider(0))
      const address = addressOf(market.provider(0).child.lastReady?.['addresses'])
      const again = await RawMarket.asClient(peer, PAYER, address)
      const envelope = await sealHeader(peer, wanted.header)
      expect(await matchAt(again, { ...wanted, envelope })).to.deep.equal(set)
      const other = await RawMarket.asClient(peer, PAYER, address)
      await other.send({ kind: 'header', header: (await market.job({ like: wanted })).envelope })
      expect(await other.refusal(wanted.jobId)).to.equal('MATCH_CONTRADICTS')
    })
  })
})
