import { expect } from 'chai'
import fc from 'fast-check'
import { bytesToHex, hexToBytes, isHex, lowerHex } from '../src/hex.ts'
import { expectProtoError } from './support/expect-error.ts'
import type { Hex } from '../src/types.ts'

describe('hex', () => {
  it('round trips any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const hex = bytesToHex(bytes)
        expect(isHex(hex)).to.equal(true)
        expect([...hexToBytes(hex, bytes.length)]).to.deep.equal([...bytes])
      }),
    )
  })

  it('refuses what is not lower-case 0x hex of whole bytes', () => {
    for (const value of [
      '',
      '0',
      'ab',
      '0xABCD',
      '0xabc',
      '0x0g',
      '0x ',
      ' 0x00',
      '0x00\n',
      5,
      null,
    ]) {
      expect(isHex(value)).to.equal(false)
      expectProtoError(() => hexToBytes(value as Hex, undefined, 'f'), 'MALFORMED_FRAME', 'f')
    }
  })

  it('refuses another length', () => {
    expectProtoError(() => hexToBytes('0x0011', 1), 'MALFORMED_FRAME')
    expectProtoError(() => hexToBytes('0x', 1), 'MALFORMED_FRAME')
    expect(hexToBytes('0x')).to.have.length(0)
  })

  it('lowers a checksummed address and refuses what is no hex', () => {
    expect(lowerHex('0xAbCd')).to.equal('0xabcd')
    expectProtoError(() => lowerHex('AbCd'), 'MALFORMED_FRAME')
    expectProtoError(() => lowerHex('0xabc'), 'MALFORMED_FRAME')
  })
})
