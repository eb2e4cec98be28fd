/** Fields of the private part of a job (dispatch.proto, JobSpec). */
import * as v1 from '../generated/duckmesh.js'
import * as limits from '../limits.ts'
import { bytes32 } from './bytes.ts'
import { numberTask } from './market-fields.ts'
import { double, enumeration, integer, uint32 } from './numbers.ts'
import { list, optional, optionalList, struct } from './struct.ts'
import { text } from './text.ts'
import type { Field } from './interface.ts'
import type { ChatMessage, JobSpec, Sampling } from '../types.ts'

const within =
  (min: number, max: number) =>
  (value: number): boolean =>
    value >= min && value <= max

const logitBias: Field<Sampling['logitBias'][number]> = struct({
  id: uint32,
  bias: double('a bias from -100 to 100', within(-limits.MAX_LOGIT_BIAS, limits.MAX_LOGIT_BIAS)),
})

const warm = within(limits.MIN_TEMPERATURE, limits.MAX_TEMPERATURE)

const sampling: Field<Sampling> = struct({
  temperature: double('0 or 0.2 to 2', (value) => value === 0 || warm(value)),
  topP: double('above 0, at most 1', (value) => value > 0 && value <= 1),
  topK: integer(0, limits.MAX_TOP_K),
  minP: double('at least 0, below 1', (value) => value >= 0 && value < 1),
  repetitionPenalty: double(
    'a factor from 0.5 to 2',
    within(limits.MIN_REPETITION_PENALTY, limits.MAX_REPETITION_PENALTY),
  ),
  logitBias: list(logitBias, limits.MAX_LOGIT_BIASES),
})

const chatMessage: Field<ChatMessage> = struct({
  role: text(limits.MAX_ROLE_BYTES, 1),
  content: text(limits.MAX_SPEC_BYTES),
})

export const jobSpec: Field<JobSpec> = struct<JobSpec>({
  messages: list(chatMessage, limits.MAX_CHAT_MESSAGES),
  sampling,
  maxTokens: integer(1, limits.MAX_UINT32),
  stop: list(text(limits.MAX_STOP_BYTES, 1), limits.MAX_STOP_STRINGS),
  seed: bytes32,
  format: optional(enumeration({ json: v1.Format.FORMAT_JSON })),
  task: optional(numberTask),
  texts: optionalList(text(limits.MAX_SPEC_BYTES, 1), limits.MAX_TEXTS),
})
