/** Real peers against clients and bidders that follow no rules of the market. */
import { expect } from 'chai'
import type { BidSet, RelayedBid } from '@duckmesh/proto'
import { account } from '../src/chain/accounts.ts'
import type { TestNet } from './support/devnets.ts'
import { ownerOf } from './support/devnets.ts'
import { HostileMarket, PAYER, POOR, STRANGER } from './support/hostile-market.ts'
import { inSeconds } from './support/raw-client.ts'
import type { RawClient } from './support/raw-client.ts'
import { RawMarket, auctionAward, bidderOf, matchAt, proofOf } from './support/raw-market.ts'
import { rawBid, rawJob, sealHeader } from './support/raw-market.ts'
import type { RawJob } from './support/raw-market.ts'
import { signerOf } from './support/raw-peer.ts'
import type { RawPeer } from './support/raw-peer.ts'
import { until } from './support/until.ts'

/** Of anvil's funded accounts, two that the chain knows nothing of. */
const PENNILESS = account(32)
const UNREGISTERED = account(33)

describe('real peers against clients and bidders that follow no rules of the market', function () {
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

  describe('headers', () => {
    /** The code with which a seat refuses what a client sends. */
    async function refusal(payer: typeof PAYER, wanted: RawJob): Promise<string> {
      const stream = await RawMarket.asClient(peer, payer, market.at(0))
      await stream.send({ kind: 'header', header: wanted.envelope })
      const code = await stream.refusal(wanted.jobId)
      await stream.close()
      return code
    }

    it('are taken from a client that has money, so the rest of these tests can fail', async () => {
      const { set, wanted } = await until('somebody bids', async () => {
        const asked = await market.job()
        const matched = await matchAt(seat, asked)
        return matched.bids.length > 0 && { set: matched, wanted: asked }
      })
      expect(set.match.match).to.include({ jobId: wanted.jobId, seat: ownerOf(market.provider(0)) })
    })

    it('of a payer that the chain does not know are UNFUNDED', async () => {
      const wanted = await rawJob(peer, PENNILESS, client.quote.model)
      expect(await refusal(PENNILESS, wanted)).to.equal('UNFUNDED')
    })

    it('that another peer signed are BINDING_MISMATCH', async () => {
      const theirs = await rawJob(strange, PAYER, client.quote.model)
      expect(await refusal(PAYER, theirs)).to.equal('BINDING_MISMATCH')
    })

    it('with an order of another payer, or one that nobody signed, are refused', async () => {
      expect(await refusal(PAYER, await market.job({ boundTo: POOR }))).to.equal('HEADER_INVALID')
      const wanted = await market.job()
      const { order } = wanted.header.order
      const unsigned = { order, signature: wanted.header.client.signature }
      const envelope = await sealHeader(peer, { ...wanted.header, order: unsigned })
      expect(await refusal(PAYER, { ...wanted, envelope })).to.equal('BAD_SIGNATURE')
    })

    it('that were altered on the way are BAD_SIGNATURE', async () => {
      const wanted = await market.job()
      const sig = wanted.envelope.sig.map((byte) => byte ^ 1)
      const envelope = { ...wanted.envelope, sig }
      expect(await refusal(PAYER, { ...wanted, envelope })).to.equal('BAD_SIGNATURE')
    })

    it('for the same attempt with another reply key are refused, in the window and after it', async () => {
      const wanted = await market.job()
      const other = await market.job({ like: wanted })
      market.provider(2).child.process.kill('SIGSTOP')
      await seat.send({ kind: 'header', header: wanted.envelope })
      await seat.next('ack', ({ ack }) => ack.jobId === wanted.jobId)
      const second = await RawMarket.asClient(peer, PAYER, market.at(0))
      await second.send({ kind: 'header', header: other.envelope })
      expect(await second.refusal(wanted.jobId)).to.equal('HEADER_INVALID')
      await seat.next('match', ({ match }) => match.set.match.match.jobId === wanted.jobId)
      market.provider(2).child.process.kill('SIGCONT')
      const third = await RawMarket.asClient(peer, PAYER, market.at(0))
      await third.send({ kind: 'header', header: other.envelope })
      expect(await third.refusal(wanted.jobId)).to.equal('MATCH_CONTRADICTS')
      await Promise.all([second.close(), third.close()])
    })

    it('that come again get the same match', async () => {
      const wanted = await market.job()
      const set = await matchAt(seat, wanted)
      const again = await RawMarket.asClient(peer, PAYER, market.at(0))
      expect(await matchAt(again, wanted)).to.deep.equal(set)
      await again.close()
    })

    it('in a flood are RATE_LIMITED, and everybody else is served meanwhile', async () => {
      const flood = await RawMarket.asClient(peer, POOR, market.at(0))
      const wishes = Array.from({ length: 40 }, () => rawJob(peer, POOR, client.quote.model))
      const headers = await Promise.all(wishes)
      const ended = market.logged(market.provider(0), 'market.link_broke')
      const meanwhile = world.auction({ prompt: 'What is 2 plus 3?' })
      for (const { envelope } of headers) await flood.send({ kind: 'header', header: envelope })
      await until('each header is answered', () => {
        const answered = flood.received.filter(({ kind }) => kind === 'refuse' || kind === 'ack')
        expect(flood.ended, 'it is not cut off for this').to.equal(false)
        return answered.length >= headers.length
      })
      const refused = flood.received.filter((frame) => frame.kind === 'refuse')
      const codes = new Set(refused.map(({ refuse }) => refuse.code))
      expect([...codes]).to.deep.equal(['RATE_LIMITED'])
      expect(refused.length, 'twelve at once, and a few more a second').to.be.least(20)
      expect((await meanwhile).states.at(-1)?.state).to.equal('finalized')
      // More frames than any client may send cost it the stream.
      for (let n = 0; n < 300 && !flood.ended; n++) {
        const { envelope } = headers[n % headers.length] ?? {}
        if (envelope !== undefined) await flood.send({ kind: 'header', header: envelope })
      }
      expect(await ended()).to.equal('RATE_LIMITED')
      expect((await world.auction()).states.at(-1)?.state).to.equal('finalized')
    })
  })

  describe('bids', () => {
    let link: RawMarket
    const bidder = bidderOf(STRANGER)

    beforeEach(async () => {
      link = await RawMarket.asPeer(strange, STRANGER.operator, market.at(0))
      // One that answers nothing keeps each window open until its end.
      market.provider(2).child.process.kill('SIGSTOP')
    })
    afterEach(async () => {
      market.provider(2).child.process.kill('SIGCONT')
      await link.close()
    })

    /** A new auction whose window is open. */
    async function opened(): Promise<RawJob> {
      const wanted = await market.job()
      await seat.send({ kind: 'header', header: wanted.envelope })
      await seat.next('ack', ({ ack }) => ack.jobId === wanted.jobId)
      return wanted
    }

    async function bid(
      to: RawMarket,
      { header, jobId }: RawJob,
      relayed: RelayedBid,
    ): Promise<void> {
      await to.send({ kind: 'bid', bid: { jobId, attempt: header.attempt, ...relayed } })
    }

    async function matched({ jobId }: RawJob): Promise<BidSet> {
      const isOurs = (one: BidSet): boolean => one.match.match.jobId === jobId
      return (await seat.next('match', ({ match }) => isOurs(match.set))).match.set
    }

    /** How the cheapest real provider answers an award of segment 0 when the stranger bid like this. */
    function answerAfter(relayed: (wanted: RawJob) => Promise<RelayedBid>): Promise<string> {
      // On a busy machine a bid may miss the window; then there is nothing to award.
      return until('both bid in time', async () => {
        const wanted = await opened()
        await bid(link, wanted, await relayed(wanted))
        const set = await matched(wanted)
        const bidders = set.bids.map((one) => one.provider)
        const both = [bidder.provider, ownerOf(market.provider(0))]
        if (!both.every((one) => bidders.includes(one))) return undefined
        const signed = await market.bidOf(wanted, set, market.provider(0))
        return market.answerTo(await auctionAward(client, wanted, proofOf(wanted, [set]), signed))
      })
    }

    it('of anybody staked count: the award of another place is CHOICE_WRONG', async () => {
      const answer = await answerAfter((wanted) => rawBid(strange, wanted, bidder))
      expect(answer, 'the stranger is cheaper').to.equal('CHOICE_WRONG')
    })

    it('that were made for another job do not count', async () => {
      const other = await market.job()
      const answer = await answerAfter((wanted) =>
        rawBid(strange, wanted, bidder, { jobId: other.jobId }),
      )
      expect(answer).to.equal('accept')
    })

    it('that were sealed for another job do not count', async () => {
      const other = await rawBid(strange, await market.job(), bidder)
      expect(await answerAfter(() => Promise.resolve(other))).to.equal('accept')
    })

    it('that were altered do not count', async () => {
      const answer = await answerAfter(async (wanted) => {
        const { provider: owner, sealed } = await rawBid(strange, wanted, bidder)
        const ciphertext = sealed.ciphertext.map((byte, n) => (n === 9 ? byte ^ 1 : byte))
        return { provider: owner, sealed: { ...sealed, ciphertext } }
      })
      expect(answer).to.equal('accept')
    })

    it('that somebody else signed, above the cap, or too short-lived do not count', async () => {
      const forged = { ...bidder, signer: signerOf(UNREGISTERED) }
      const wrong = await answerAfter((wanted) => rawBid(strange, wanted, forged))
      const dear = { priceIn: 10n ** 24n, priceOut: 0n }
      const above = await answerAfter((wanted) => rawBid(strange, wanted, bidder, dear))
      const short = { expiry: inSeconds(30) }
      const brief = await answerAfter((wanted) => rawBid(strange, wanted, bidder, short))
      expect([wrong, above, brief]).to.deep.equal(['accept', 'accept', 'accept'])
    })

    it('under the name of another provider are BID_INVALID, and so is a second one', async () => {
      const first = await opened()
      const stolen = {
        ...(await rawBid(strange, first, bidder)),
        provider: ownerOf(market.provider(1)),
      }
      await bid(link, first, stolen)
      expect(await link.refusal(first.jobId)).to.equal('BID_INVALID')
      const wanted = await opened()
      const [one, two] = [
        await rawBid(strange, wanted, bidder),
        await rawBid(strange, wanted, bidder),
      ]
      await bid(link, wanted, one)
      await link.next('bidAck', ({ bidAck }) => bidAck.ack.jobId === wanted.jobId)
      await bid(link, wanted, two)
      expect(await link.refusal(wanted.jobId)).to.equal('BID_INVALID')
      const { bids } = await matched(wanted)
      const ours = bids.filter((relayed) => relayed.provider === bidder.provider)
      expect(ours, 'the first one counts').to.deep.equal([one])
    })

    it('after the window are TIMED_OUT, without an auction JOB_UNKNOWN', async () => {
      const wanted = await opened()
      const late = await rawBid(strange, wanted, bidder)
      await matched(wanted)
      await bid(link, wanted, late)
      expect(await link.refusal(wanted.jobId)).to.equal('TIMED_OUT')
      const unknown = await market.job()
      await bid(link, unknown, await rawBid(strange, unknown, bidder))
      expect(await link.refusal(unknown.jobId)).to.equal('JOB_UNKNOWN')
    })

    it('of a peer without stake cost it the stream: INVALID_PROVIDER', async () => {
      const ended = market.logged(market.provider(0), 'market.peer_refused')
      const nobody = await RawMarket.asPeer(peer, UNREGISTERED, market.at(0))
      const wanted = await market.job()
      await bid(nobody, wanted, await rawBid(peer, wanted, bidder))
      expect(await ended()).to.equal('INVALID_PROVIDER')
      await until('it hangs up', () => nobody.ended)
    })
  })
})
