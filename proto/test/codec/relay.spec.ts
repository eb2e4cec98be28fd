/** The rules of the relay's fields: what breaks one is refused by encode and by decode; the largest request fits. */
import { expect } from 'chai'
import * as limits from '../../src/limits.ts'
import { relayFrameCodec } from '../../src/codec/codecs.ts'
import { absent, amounts, fixed, hex, lists } from '../support/refusals.ts'
import { range, testRefusals, texts, uint32, uint64 } from '../support/refusals.ts'
import type { Refusal } from '../support/refusals.ts'
import type { Hex, RelayFrame } from '../../src/types.ts'

/** No bytes on the wire are an absent field. */
const optionalFixed = (at: string, length: number): Refusal[] =>
  fixed(at, length).map(({ wire, ...refusal }) =>
    refusal.why === '0 bytes' ? refusal : { ...refusal, wire },
  )

const RELAY: Refusal[] = [
  ...uint32('relayFrame.request.id'),
  ...fixed('relayFrame.request.provider', 20),
  ...lists('relayFrame.request.vouchers', limits.MAX_RELAY_VOUCHERS, {}, {}),
  ...fixed('relayFrame.request.vouchers.0.payer', 20),
  ...amounts('relayFrame.request.vouchers.0.cumulative'),
  ...fixed('relayFrame.request.vouchers.0.signature', 65),
  ...range('relayFrame.request.permit.feeBps', -1, limits.MAX_RELAY_FEE_BPS + 1, 0.5),
  ...uint64('relayFrame.request.permit.nonce'),
  ...uint64('relayFrame.request.permit.deadline'),
  ...fixed('relayFrame.request.permit.signature', 65),
  absent('relayFrame.request.provider'),
  ...uint32('relayFrame.result.id'),
  ...texts('relayFrame.result.code', limits.MAX_CODE_BYTES),
  ...optionalFixed('relayFrame.result.txHash', 32),
  ...lists('relayFrame.result.skipped', limits.MAX_RELAY_VOUCHERS, hex(20), new Uint8Array(20)),
  ...fixed('relayFrame.result.skipped.0', 20),
]

describe('codecs: refusals of the relay', () => {
  testRefusals(RELAY)
})

describe('codecs: sizes of the relay', () => {
  it('the largest request and the largest answer fit a frame', () => {
    const payer: Hex = `0x${'ff'.repeat(20)}`
    const signature: Hex = `0x${'ff'.repeat(65)}`
    const voucher = { payer, cumulative: 2n ** 96n - 1n, signature }
    const request: RelayFrame = {
      kind: 'request',
      request: {
        id: limits.MAX_UINT32,
        provider: payer,
        vouchers: new Array<typeof voucher>(limits.MAX_RELAY_VOUCHERS).fill(voucher),
        permit: {
          feeBps: limits.MAX_RELAY_FEE_BPS,
          nonce: Number.MAX_SAFE_INTEGER,
          deadline: Number.MAX_SAFE_INTEGER,
          signature,
        },
      },
    }
    const result: RelayFrame = {
      kind: 'result',
      result: {
        id: limits.MAX_UINT32,
        code: 'x'.repeat(limits.MAX_CODE_BYTES),
        txHash: `0x${'ff'.repeat(32)}`,
        skipped: new Array<Hex>(limits.MAX_RELAY_VOUCHERS).fill(payer),
      },
    }
    for (const frame of [request, result]) {
      expect(relayFrameCodec.decode(relayFrameCodec.encode(frame))).to.deep.equal(frame)
    }
  })
})
