/** Fields of the relay protocol (relay.proto). */
import * as limits from '../limits.ts'
import { address, amount, bytes32, signature } from './bytes.ts'
import { hello } from './mesh-fields.ts'
import { integer, safeUint, uint32 } from './numbers.ts'
import { list, optional, struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import type { Field, UnionField } from './interface.ts'
import type { RelayFrame, RelayPermit, RelayRequest, RelayResult, RelayVoucher } from '../types.ts'

const relayVoucher: Field<RelayVoucher> = struct({ payer: address, cumulative: amount, signature })

const relayPermit: Field<RelayPermit> = struct({
  feeBps: integer(0, limits.MAX_RELAY_FEE_BPS),
  nonce: safeUint,
  deadline: safeUint,
  signature,
})

const request: Field<RelayRequest> = struct<RelayRequest>({
  id: uint32,
  provider: address,
  vouchers: list(relayVoucher, limits.MAX_RELAY_VOUCHERS),
  permit: optional(relayPermit),
})

const result: Field<RelayResult> = struct<RelayResult>({
  id: uint32,
  code: text(limits.MAX_CODE_BYTES),
  txHash: optional(bytes32),
  skipped: list(address, limits.MAX_RELAY_VOUCHERS),
})

export const relayFrame: UnionField<RelayFrame> = union<RelayFrame>({ hello, request, result })
