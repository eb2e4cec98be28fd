/** What the limits allow fits where it travels: headers on gossip, proofs and matches on streams. */
import { expect } from 'chai'
import * as limits from '../../src/limits.ts'
import { networkName } from '../../src/network-name.ts'
import { AUCTION_SAMPLES, auctionProof } from '../../vectors/samples-auction.ts'
import { SAMPLES } from '../../vectors/samples.ts'
import { codecOf } from '../support/tamper.ts'
import type * as types from '../../src/types.ts'

const repeat = <T>(count: number, value: T): T[] => new Array<T>(count).fill(value)
const address: types.Hex = `0x${'ff'.repeat(20)}`
const word: types.Hex = `0x${'ff'.repeat(32)}`
const [, largestHeader] = AUCTION_SAMPLES.jobHeader
const [{ match }] = AUCTION_SAMPLES.signedMatch

/** Bytes of a header in the envelope that travels. */
function envelopeBytes(network: string, header: types.JobHeader): number {
  const body = codecOf('envelopeBody').encode({
    version: limits.MAX_UINT16,
    type: 'jobHeader',
    network,
    seq: Number.MAX_SAFE_INTEGER,
    issuedAtMs: Number.MAX_SAFE_INTEGER,
    expiryMs: Number.MAX_SAFE_INTEGER,
    // An Ed25519 peer id.
    peerId: new Uint8Array(38),
    payload: codecOf('jobHeader').encode(header),
  })
  return codecOf('envelope').encode({ body, sig: new Uint8Array(64) }).length
}

const fullSet: types.BidSet = {
  match: { match: { ...match, epoch: Number.MAX_SAFE_INTEGER }, signature: `0x${'ff'.repeat(65)}` },
  bids: repeat(limits.MAX_MATCH_BIDS, {
    provider: address,
    sealed: { enc: new Uint8Array(32), ciphertext: new Uint8Array(limits.MAX_SEALED_BID_BYTES) },
  }),
}

const fullProof: types.AuctionProof = {
  ...auctionProof,
  sets: repeat(limits.MAX_PROOF_SETS, fullSet),
  excluded: repeat(limits.MAX_EXCLUDED, address),
}

const ref = { jobId: word, attempt: limits.MAX_UINT32 }

function roundTrip(name: string, value: unknown): unknown {
  return codecOf(name).decode(codecOf(name).encode(value))
}

describe('codecs: sizes of the auction', () => {
  it('a header with the largest numbers is at most 640 bytes in its envelope', () => {
    const name = networkName(Number.MAX_SAFE_INTEGER, address)
    expect(envelopeBytes(name, largestHeader)).to.be.at.most(limits.MAX_JOB_HEADER_BYTES)
  })

  it('a signed bid leaves room in its seal', () => {
    const [signed] = AUCTION_SAMPLES.signedBid
    const largest = {
      bid: {
        ...signed.bid,
        attempt: limits.MAX_UINT32,
        etaMs: limits.MAX_UINT32,
        expiry: Number.MAX_SAFE_INTEGER,
      },
      signature: signed.signature,
    }
    const sealed = codecOf('signedBid').encode(largest).length + limits.SEAL_TAG_BYTES
    expect(sealed).to.be.at.most(limits.MAX_SEALED_BID_BYTES)
  })

  it('a match with 64 bids and 64 passes fits a market frame', () => {
    const pass = {
      ...ref,
      provider: address,
      code: 'A'.repeat(limits.MAX_CODE_BYTES),
      detail: 'a'.repeat(limits.MAX_DETAIL_BYTES),
    }
    const passes = repeat(limits.MAX_MATCH_BIDS, pass)
    const frame = { kind: 'match', match: { set: fullSet, passes } }
    expect(roundTrip('marketFrame', frame)).to.deep.equal(frame)
  })

  it('openings of two full matches fit a market frame', () => {
    const [fee] = AUCTION_SAMPLES.signedServiceVoucher
    const winners = repeat(limits.MAX_JOB_SEGMENTS, address)
    const openings = { ...ref, proof: fullProof, winners, paid: 2n ** 96n - 1n, fee }
    const frame = { kind: 'openings', openings }
    expect(roundTrip('marketFrame', frame)).to.deep.equal(frame)
  })

  it('the largest award of an auction, its longest spec and prefix included, fits a job frame', () => {
    const award = {
      ...SAMPLES.awardFrame[0],
      spec: { enc: new Uint8Array(32), ciphertext: new Uint8Array(limits.MAX_SEALED_BYTES) },
      prefixIds: repeat(limits.MAX_PREFIX_IDS, limits.MAX_UINT32),
      auction: fullProof,
    }
    const frame = { kind: 'award', award }
    expect(roundTrip('jobFrame', frame)).to.deep.equal(frame)
  })

  it('the largest reveal fits a job frame', () => {
    const reveal = {
      jobId: word,
      segment: limits.MAX_UINT16,
      salt: word,
      ids: repeat(limits.MAX_REVEAL_IDS, limits.MAX_UINT32),
      text: 'a'.repeat(limits.MAX_REVEAL_TEXT_BYTES),
    }
    const frame = { kind: 'reveal', reveal }
    expect(roundTrip('jobFrame', frame)).to.deep.equal(frame)
  })

  it('two full turns of seats fit a light frame', () => {
    const seat = {
      owner: address,
      peerKey: word,
      addresses: repeat(limits.MAX_ADDRESSES, 'a'.repeat(limits.MAX_ADDRESS_BYTES)),
      silentMs: limits.MAX_UINT32,
    }
    const turn = {
      epoch: Number.MAX_SAFE_INTEGER,
      turn: limits.MAX_UINT32,
      seats: repeat(limits.MAX_SEATS, seat),
    }
    const seatsResponse = { id: limits.MAX_UINT32, turns: repeat(limits.MAX_TURNS, turn) }
    const frame = { kind: 'seatsResponse', seatsResponse }
    expect(roundTrip('lightFrame', frame)).to.deep.equal(frame)
  })
})
