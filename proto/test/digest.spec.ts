import { expect } from 'chai'
import fc from 'fast-check'
import { hashTypedData } from 'viem'
import { digest, hashDomain, structHash, typeString } from '../src/digest.ts'
import { EIP712_TYPES, domainOf } from '../src/eip712.ts'
import * as arbitraries from './support/arbitrary-values.ts'
import { expectProtoError } from './support/expect-error.ts'
import { voucher } from '../vectors/sample-values.ts'
import type { Eip712Type } from '../src/eip712.ts'

const REGISTRY = '0x5fbdb2315678afecb367f032d93f642f64180aa3'
const domain = domainOf(31337, REGISTRY)

/** As in SCHEMAS, copied by hand. */
const TYPE_STRINGS: Record<Eip712Type, string> = {
  JobOrder:
    'JobOrder(address payer,uint64 nonce,bytes32 modelId,bytes32 specHash,uint8 mode,uint8 replicas,uint96 maxPrice,uint16 auditBps,bytes32 secretHash,uint64 deadline)',
  Bid: 'Bid(bytes32 jobId,uint32 attempt,address provider,uint96 priceIn,uint96 priceOut,uint32 etaMs,uint8 funding,uint64 expiry)',
  BidAck: 'BidAck(bytes32 jobId,uint32 attempt,address seat,bytes32 commit)',
  Match:
    'Match(bytes32 jobId,uint32 attempt,uint64 epoch,uint32 turn,address seat,bytes32 bidsRoot,uint16 bids)',
  Award:
    'Award(bytes32 jobId,uint16 segment,address provider,bytes32 bidHash,bytes32 matchHash,uint32 fromToken,bytes32 prefixHash,uint96 budget,uint64 issuedAt)',
  Accept:
    'Accept(bytes32 jobId,uint16 segment,address provider,uint32 fromToken,bytes32 prefixHash,uint96 bond,uint32 etaMs)',
  Receipt:
    'Receipt(bytes32 jobId,uint16 segment,uint32 item,uint32 seq,address payer,address provider,uint32 tokensIn,uint32 tokensOut,bytes32 tokensRoot,bytes32 traceRoot,uint96 amount,bytes32 specHash,bool last)',
  Voucher: 'Voucher(address payer,address provider,uint96 cumulative,uint64 epoch)',
  ServiceVoucher: 'ServiceVoucher(address payer,address provider,uint96 cumulative)',
  Allotment: 'Allotment(address payer,address provider,uint96 amount,uint64 nonce,uint64 deadline)',
  Unallotment: 'Unallotment(address payer,address provider,uint64 nonce,uint64 deadline)',
  Deposit:
    'Deposit(address payer,uint96 amount,address provider,uint96 allotted,uint64 nonce,uint64 deadline)',
  SessionGrant: 'SessionGrant(address account,address session,uint96 cap,uint64 expiry)',
  RedeemPermit:
    'RedeemPermit(address provider,address relayer,uint16 feeBps,uint64 nonce,uint64 deadline)',
  PeerBinding: 'PeerBinding(bytes32 peerKey,address operator,bytes32 encKey,uint64 expiry)',
  ClientBinding: 'ClientBinding(bytes32 peerKey,address payer,uint64 expiry)',
  Verdict: 'Verdict(bytes32 receiptHash,address verifier,uint8 outcome,bytes32 leavesRoot)',
  Ruling: 'Ruling(bytes32 disputeId,address referee,uint8 outcome,bytes32 refereeRoot)',
}

describe('digest', () => {
  for (const [type, expected] of Object.entries(TYPE_STRINGS)) {
    it(`${type} is the struct of SCHEMAS`, () => {
      expect(typeString(type as Eip712Type)).to.equal(expected)
    })
  }

  const messages = {
    JobOrder: arbitraries.jobOrder,
    Bid: arbitraries.bid,
    BidAck: arbitraries.bidAck,
    Match: arbitraries.match,
    Award: arbitraries.award,
    Accept: arbitraries.accept,
    Receipt: arbitraries.receipt,
    Voucher: arbitraries.voucher,
    ServiceVoucher: arbitraries.serviceVoucher,
  }
  for (const [primaryType, arbitrary] of Object.entries(messages)) {
    it(`${primaryType}: random domain values hash as viem hashes them`, () => {
      const type = primaryType as 'Voucher'
      fc.assert(
        fc.property(arbitrary as fc.Arbitrary<never>, (message) => {
          const typed = { domain, types: EIP712_TYPES, primaryType, message }
          expect(digest(domain, type, message)).to.equal(hashTypedData(typed as never))
        }),
        { numRuns: 25 },
      )
    })
  }

  it('ignores properties that are not signed', () => {
    const bound = { peerKey: `0x${'01'.repeat(32)}`, payer: REGISTRY, expiry: 5 } as const
    const signed = { ...bound, signature: '0x' }
    expect(structHash('ClientBinding', signed)).to.equal(structHash('ClientBinding', bound))
  })

  it('depends on chain and registry, not on the case of the registry', () => {
    const base = digest(domain, 'Voucher', voucher)
    const other = `0x${'11'.repeat(20)}`
    expect(digest(domainOf(1, REGISTRY), 'Voucher', voucher)).not.to.equal(base)
    expect(digest(domainOf(31337, other), 'Voucher', voucher)).not.to.equal(base)
    const checksummed = '0x5FbDB2315678afecb367f032d93F642f64180aa3'
    expect(digest(domainOf(31337, checksummed), 'Voucher', voucher)).to.equal(base)
  })

  it('does not remember a domain that may change', () => {
    const loose = { ...domain }
    const before = hashDomain(loose)
    loose.chainId = 1
    expect(hashDomain(loose)).not.to.equal(before)
  })

  it('refuses values outside of their Solidity type, with the field', () => {
    const refused: [object, string][] = [
      [{ epoch: 2n ** 64n }, 'FIELD_OUT_OF_RANGE'],
      [{ epoch: -1 }, 'FIELD_OUT_OF_RANGE'],
      [{ epoch: 0.5 }, 'FIELD_OUT_OF_RANGE'],
      [{ epoch: 2 ** 53 }, 'FIELD_OUT_OF_RANGE'],
      [{ epoch: undefined }, 'FIELD_OUT_OF_RANGE'],
      [{ epoch: '5' }, 'FIELD_OUT_OF_RANGE'],
      [{ cumulative: 2n ** 96n }, 'FIELD_OUT_OF_RANGE'],
      [{ cumulative: -1n }, 'FIELD_OUT_OF_RANGE'],
      [{ payer: '0x11' }, 'MALFORMED_FRAME'],
      [{ payer: `0x${'AA'.repeat(20)}` }, 'MALFORMED_FRAME'],
      [{ provider: undefined }, 'MALFORMED_FRAME'],
    ]
    for (const [change, code] of refused) {
      const message = { ...voucher, ...change }
      const field = `Voucher.${Object.keys(change).join('')}`
      expectProtoError(() => digest(domain, 'Voucher', message), code as 'MALFORMED_FRAME', field)
    }
    const base = {
      receiptHash: `0x${'01'.repeat(32)}`,
      verifier: REGISTRY,
      leavesRoot: `0x${'02'.repeat(32)}`,
    } as const
    expectProtoError(
      () => structHash('Verdict', { ...base, outcome: 256 }),
      'FIELD_OUT_OF_RANGE',
      'Verdict.outcome',
    )
  })

  it('refuses a boolean that is none', () => {
    const names = EIP712_TYPES.Receipt.map((m) => [m.name, m.type] as const)
    const value = (type: string): unknown =>
      ({ address: REGISTRY, bytes32: `0x${'00'.repeat(32)}`, bool: 1 })[type] ?? 1n
    const receipt = Object.fromEntries(names.map(([name, type]) => [name, value(type)]))
    expectProtoError(
      () => structHash('Receipt', receipt as never),
      'MALFORMED_FRAME',
      'Receipt.last',
    )
  })
})
