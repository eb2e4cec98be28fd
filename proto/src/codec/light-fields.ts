/** Fields of the light protocol (light.proto). */
import * as limits from '../limits.ts'
import { address, bytes32 } from './bytes.ts'
import { envelope, hello } from './mesh-fields.ts'
import { integer, safeUint, uint32 } from './numbers.ts'
import { list, struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import { SHARDS } from '../shard.ts'
import type { Field, UnionField } from './interface.ts'
import type { LightFrame, SeatInfo, TurnSeats } from '../types.ts'

const seatInfo: Field<SeatInfo> = struct({
  owner: address,
  peerKey: bytes32,
  addresses: list(text(limits.MAX_ADDRESS_BYTES, 1), limits.MAX_ADDRESSES),
  silentMs: uint32,
})

const turnSeats: Field<TurnSeats> = struct({
  epoch: safeUint,
  turn: uint32,
  seats: list(seatInfo, limits.MAX_SEATS),
})

export const lightFrame: UnionField<LightFrame> = union<LightFrame>({
  hello,
  seatsRequest: struct({ id: uint32, shard: integer(0, SHARDS - 1) }),
  seatsResponse: struct({ id: uint32, turns: list(turnSeats, limits.MAX_TURNS) }),
  forward: struct({ id: uint32, header: envelope }),
  forwardResult: struct({ id: uint32, code: text(limits.MAX_CODE_BYTES) }),
})
