/** Fields of offers and the caps protocol (market.proto). */
import * as v1 from '../generated/duckmesh.js'
import { enumeration, flag, integer, safeUint, uint16, uint32 } from './numbers.ts'
import { address, amount, bytes32 } from './bytes.ts'
import { envelope, hello } from './mesh-fields.ts'
import { list, optional, struct } from './struct.ts'
import { text } from './text.ts'
import { union } from './union.ts'
import * as limits from '../limits.ts'
import type { Field, UnionField } from './interface.ts'
import type {
  CapsFrame,
  CapsRequest,
  CapsResponse,
  Determinism,
  ModelOffer,
  NumberModel,
  NumberTask,
  Offer,
} from '../types.ts'

const wireClasses = v1.Determinism

const determinism: Field<Determinism> = enumeration<Determinism>({
  f32: wireClasses.DETERMINISM_F32,
  opaque: wireClasses.DETERMINISM_OPAQUE,
})

/** A chat has no task on the wire. */
export const numberTask: Field<NumberTask> = enumeration<NumberTask>({
  embed: v1.Task.TASK_EMBED,
  classify: v1.Task.TASK_CLASSIFY,
})

const numberModel: Field<NumberModel> = struct({
  task: numberTask,
  width: integer(1, limits.MAX_NUMBERS_WIDTH),
  labels: list(text(limits.MAX_LABEL_BYTES, 1), limits.MAX_LABELS),
})

const modelOffer: Field<ModelOffer> = struct<ModelOffer>({
  modelId: bytes32,
  name: text(limits.MAX_MODEL_NAME_BYTES, 1),
  priceIn: amount,
  priceOut: amount,
  determinism,
  contextLength: integer(1, limits.MAX_UINT32),
  numbers: optional(numberModel),
})

export const offer: Field<Offer> = struct({
  provider: address,
  models: list(modelOffer, limits.MAX_OFFER_MODELS),
  expiryMs: safeUint,
  slots: uint16,
})

const capsRequest: Field<CapsRequest> = struct({ id: uint32, withRecord: flag })

const capsResponse: Field<CapsResponse> = struct<CapsResponse>({
  id: uint32,
  record: optional(envelope),
  inFlight: uint32,
  slots: uint16,
  stepMs: uint32,
})

export const capsFrame: UnionField<CapsFrame> = union<CapsFrame>({
  hello,
  request: capsRequest,
  response: capsResponse,
})
