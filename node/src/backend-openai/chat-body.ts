/** A job spec as the body of a chat request. What the endpoint cannot do is refused, never left out silently. */
import { DuckMeshError, hexToBytes } from '@duckmesh/protocols'
import type { JobSpec, Sampling } from '@duckmesh/protocols'
import { EVERY_TOKEN, MAX_API_STOPS } from './constants.ts'
import type { ChatBody, RemoteModelSettings } from './interface.ts'

/** What is left to be answered: behind `prefix`, at most `maxTokens` tokens. */
export interface Rest {
  /** Text that other providers delivered; empty for a new answer. */
  prefix: string
  maxTokens: number
}

/** Throws SPEC_INVALID with the field, or NOT_SUPPORTED for a prefix that the endpoint cannot go on from. */
export function chatBody(settings: RemoteModelSettings, spec: JobSpec, rest: Rest): ChatBody {
  const { format, messages, sampling, seed, stop } = spec
  const continuation = continuationOf(settings, rest.prefix)
  return {
    model: settings.model,
    messages: [...messages, ...continuation.messages],
    ...continuation.fields,
    [settings.tokenLimit]: rest.maxTokens,
    ...samplingFields(settings, sampling),
    seed: new DataView(hexToBytes(seed, 32).buffer).getUint32(0) >>> 1,
    ...(stop.length === 0 ? {} : { stop: stop.slice(0, MAX_API_STOPS) }),
    ...(format === 'json' ? { response_format: { type: 'json_object' } } : {}),
    stream: true,
    stream_options: { include_usage: true },
  }
}

interface Continuation {
  messages: { role: string; content: string }[]
  fields: Record<string, unknown>
}

/** What is said behind the conversation so that the answer goes on behind `prefix`. Throws NOT_SUPPORTED. */
export function continuationOf(
  { continuation }: Pick<RemoteModelSettings, 'continuation'>,
  prefix: string,
): Continuation {
  if (prefix === '') return { messages: [], fields: {} }
  if (continuation === 'none') {
    throw new DuckMeshError('NOT_SUPPORTED', 'This model does not go on from a half answer.')
  }
  const messages = [{ role: 'assistant', content: prefix }]
  if (continuation === 'prefill') return { messages, fields: {} }
  return { messages, fields: { continue_final_message: true, add_generation_prompt: false } }
}

function samplingFields(
  { samplers }: RemoteModelSettings,
  { logitBias, minP, repetitionPenalty, temperature, topK, topP }: Sampling,
): Record<string, number> {
  // Ids of a tokenizer that nobody in the mesh has.
  if (logitBias.length > 0) throw unknownField('logitBias')
  const common = { temperature, top_p: topP }
  if (samplers === 'openai') {
    if (topK !== 0) throw unknownField('topK')
    if (minP !== 0) throw unknownField('minP')
    if (repetitionPenalty !== 1) throw unknownField('repetitionPenalty')
    return common
  }
  return {
    ...common,
    // Said also when nobody wants them: left out, they are the endpoint's own (llama.cpp: the best 40, min_p 0.05).
    top_k: topK === 0 ? EVERY_TOKEN : topK,
    min_p: minP,
    // The same by the name of vLLM and by that of llama.cpp; neither minds the other.
    repetition_penalty: repetitionPenalty,
    repeat_penalty: repetitionPenalty,
  }
}

function unknownField(field: string): DuckMeshError {
  return new DuckMeshError('SPEC_INVALID', `This model does not take ${field}.`, {
    details: { field },
  })
}
