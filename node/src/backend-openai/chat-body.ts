/** A job spec as the body of a chat request. What the endpoint cannot do is refused, never left out silently. */
import { DuckMeshError, hexToBytes } from '@duckmesh/protocols'
import type { JobSpec, Sampling } from '@duckmesh/protocols'
import { MAX_API_STOPS } from './constants.ts'
import type { ChatBody, RemoteModelSettings } from './interface.ts'

/** What is left to be answered: behind `prefix`, at most `maxTokens` tokens. */
export interface Rest {
  /** Text that other providers delivered; empty for a new answer. */
  prefix: string
  maxTokens: number
}

/** Throws SPEC_INVALID with the field, or NOT_SUPPORTED for a prefix that the endpoint cannot go on from. */
export function chatBody(settings: RemoteModelSettings, spec: JobSpec, rest: Rest): ChatBody {
  const { messages, sampling, seed, stop } = spec
  const continuation = continuationOf(settings, rest.prefix)
  return {
    model: settings.model,
    messages: [...messages, ...continuation.messages],
    ...continuation.fields,
    [settings.tokenLimit]: rest.maxTokens,
    ...samplingFields(settings, sampling),
    seed: new DataView(hexToBytes(seed, 32).buffer).getUint32(0) >>> 1,
    ...(stop.length === 0 ? {} : { stop: stop.slice(0, MAX_API_STOPS) }),
    stream: true,
    stream_options: { include_usage: true },
  }
}

interface Continuation {
  messages: { role: string; content: string }[]
  fields: Record<string, unknown>
}

function continuationOf({ continuation }: RemoteModelSettings, prefix: string): Continuation {
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
  const extended: [name: keyof Sampling, field: string, value: number, neutral: number][] = [
    ['topK', 'top_k', topK, 0],
    ['minP', 'min_p', minP, 0],
    ['repetitionPenalty', 'repetition_penalty', repetitionPenalty, 1],
  ]
  const wanted = extended.filter(([, , value, neutral]) => value !== neutral)
  const [refused] = samplers === 'openai' ? wanted : []
  if (refused !== undefined) throw unknownField(refused[0])
  const fields = Object.fromEntries(wanted.map(([, field, value]) => [field, value]))
  return { temperature, top_p: topP, ...fields }
}

function unknownField(field: string): DuckMeshError {
  return new DuckMeshError('SPEC_INVALID', `This model does not take ${field}.`, {
    details: { field },
  })
}
