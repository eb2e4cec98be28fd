/** Samples of the relay protocol: requests with and without a fee, and both kinds of answer. */
import { MAX_SAFE, MAX_UINT32, MAX_UINT96, PAYER, bareHello } from './sample-values.ts'
import { provider, repeat, signature } from './sample-values.ts'
import type * as types from '../src/types.ts'

const voucher: types.RelayVoucher = { payer: PAYER, cumulative: 1_500_000_000_000_000_000n, signature }

const relayFrames: types.RelayFrame[] = [
  { kind: 'hello', hello: bareHello },
  {
    kind: 'request',
    request: {
      id: MAX_UINT32,
      provider,
      vouchers: [voucher, { payer: provider, cumulative: MAX_UINT96, signature }],
      permit: { feeBps: 100, nonce: MAX_SAFE, deadline: 1_800_000_120, signature },
    },
  },
  { kind: 'request', request: { id: 1, provider, vouchers: [voucher] } },
  { kind: 'result', result: { id: 1, code: '', txHash: repeat('7e', 32), skipped: [PAYER] } },
  { kind: 'result', result: { id: 2, code: 'PERMIT_INVALID', skipped: [] } },
]

/** Samples by the name of their codec. */
export const RELAY_SAMPLES = {
  relayFrame: relayFrames,
} as const satisfies Record<string, readonly unknown[]>
