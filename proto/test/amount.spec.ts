import { expect } from 'chai'
import fc from 'fast-check'
import { AMOUNT_BYTES, MAX_AMOUNT, amountToBytes, bytesToAmount } from '../src/amount.ts'
import { bytesToHex } from '../src/hex.ts'
import { expectProtoError } from './support/expect-error.ts'

describe('amount', () => {
  it('is 12 bytes big-endian', () => {
    const hexOf = (amount: bigint): string => bytesToHex(amountToBytes(amount))
    expect(hexOf(0n)).to.equal('0x000000000000000000000000')
    expect(hexOf(0x0102_0304_0506_0708_090a_0b0cn)).to.equal('0x0102030405060708090a0b0c')
    expect(hexOf(MAX_AMOUNT)).to.equal('0xffffffffffffffffffffffff')
  })

  it('round trips all of uint96, also from a view into a larger buffer', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: MAX_AMOUNT }), (amount) => {
        const padded = new Uint8Array(20)
        padded.set(amountToBytes(amount), 3)
        expect(bytesToAmount(padded.subarray(3, 3 + AMOUNT_BYTES))).to.equal(amount)
      }),
    )
  })

  it('refuses what is not uint96', () => {
    for (const value of [-1n, MAX_AMOUNT + 1n, 1, '1', undefined]) {
      expectProtoError(() => amountToBytes(value as bigint, 'paid'), 'FIELD_OUT_OF_RANGE', 'paid')
    }
  })

  it('refuses another length', () => {
    for (const length of [0, 11, 13]) {
      expectProtoError(() => bytesToAmount(new Uint8Array(length)), 'MALFORMED_FRAME', 'amount')
    }
  })
})
