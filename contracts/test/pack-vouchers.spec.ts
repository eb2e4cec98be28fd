import { expect } from 'chai'
import fc from 'fast-check'
import { hexToBigInt, serializeSignature, size, slice, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount, sign } from 'viem/accounts'
import { ContractError, packVouchers, toCompactSignature, type SignedVoucher } from '../ts/index.ts'

const hex = (bytes: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((array): Hex => `0x${Buffer.from(array).toString('hex')}`)

const voucher: fc.Arbitrary<SignedVoucher> = fc.record({
  payer: hex(20),
  cumulative: fc.bigInt({ min: 0n, max: 2n ** 96n - 1n }),
  signature: hex(64),
})

describe('packVouchers', () => {
  it('writes payer, cumulative and signature of each voucher, 96 bytes apart', () => {
    fc.assert(
      fc.property(fc.array(voucher, { minLength: 1, maxLength: 8 }), (vouchers) => {
        const packed = packVouchers(vouchers)
        expect(size(packed)).to.equal(96 * vouchers.length)
        vouchers.forEach(({ payer, cumulative, signature }, i) => {
          const entry = slice(packed, 96 * i, 96 * (i + 1))
          expect(slice(entry, 0, 20)).to.equal(payer)
          expect(hexToBigInt(slice(entry, 20, 32))).to.equal(cumulative)
          expect(slice(entry, 32)).to.equal(signature)
        })
      }),
    )
  })

  const refused: [string, readonly SignedVoucher[], string][] = [
    ['no voucher', [], 'BATCH_INVALID'],
    ['1001 vouchers', Array.from({ length: 1_001 }, () => sample()), 'BATCH_INVALID'],
    ['a negative amount', [{ ...sample(), cumulative: -1n }], 'BATCH_INVALID'],
    ['an amount of 2^96', [{ ...sample(), cumulative: 2n ** 96n }], 'BATCH_INVALID'],
    ['a payer that is no address', [{ ...sample(), payer: '0x12' }], 'BATCH_INVALID'],
    ['63 bytes of signature', [{ ...sample(), signature: bytes(63) }], 'SIGNATURE_INVALID'],
    ['65 bytes with v = 2', [{ ...sample(), signature: `${bytes(64)}02` }], 'SIGNATURE_INVALID'],
    ['a signature that is no hex', [{ ...sample(), signature: '0xzz' }], 'SIGNATURE_INVALID'],
  ]
  for (const [what, vouchers, code] of refused) {
    it(`refuses ${what}`, () => {
      expect(() => packVouchers(vouchers))
        .to.throw(ContractError)
        .with.property('code', code)
    })
  }
})

describe('toCompactSignature', () => {
  it('keeps r and s and folds the parity into the top bit', async () => {
    const parities = new Set<number>()
    for (let i = 0; i < 16; i++) {
      const privateKey = generatePrivateKey()
      const { address } = privateKeyToAccount(privateKey)
      const signature = await sign({ hash: `0x${'42'.repeat(32)}`, privateKey })
      const compact = toCompactSignature(serializeSignature(signature))
      const parity = signature.yParity ?? 0
      parities.add(parity)
      expect(slice(compact, 0, 32)).to.equal(signature.r)
      const vs = hexToBigInt(slice(compact, 32))
      expect(vs >> 255n).to.equal(BigInt(parity))
      expect(vs & (2n ** 255n - 1n)).to.equal(hexToBigInt(signature.s), address)
    }
    expect(parities.size).to.equal(2)
  })

  it('leaves 64 bytes alone', () => {
    expect(toCompactSignature(bytes(64))).to.equal(bytes(64))
  })
})

function bytes(count: number): Hex {
  return `0x${'11'.repeat(count)}`
}

function sample(): SignedVoucher {
  return { payer: bytes(20), cumulative: 1n, signature: bytes(64) }
}
