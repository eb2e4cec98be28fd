import type { JobSpec, Sampling } from '@duckmesh/protocols'
import { expect } from 'chai'
import { chatBody } from '../../src/backend-openai/chat-body.ts'
import type { RemoteModelSettings } from '../../src/backend-openai/index.ts'
import { refusal } from '../reject.ts'
import { SETTINGS, SPEC } from './specs.ts'

function body(
  settings: Partial<RemoteModelSettings> = {},
  sampling: Partial<Sampling> = {},
  spec: Partial<JobSpec> = {},
  prefix = '',
): unknown {
  const whole = { ...SPEC, sampling: { ...SPEC.sampling, ...sampling }, ...spec }
  return chatBody({ ...SETTINGS, ...settings }, whole, { prefix, maxTokens: 40 })
}

function codeOf(work: () => unknown): [string, unknown] {
  const { code, details } = refusal(work)
  return [code, details['field']]
}

describe('chatBody', () => {
  it('asks for one stream with its usage, in the words of the API', () => {
    expect(body()).to.deep.equal({
      model: 'remote-model',
      messages: [{ role: 'user', content: 'Hello' }],
      max_tokens: 40,
      temperature: 0,
      top_p: 1,
      // The first 31 bits of the spec's seed.
      seed: 0x7fff_ffff,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it('asks for JSON in the words of the API', () => {
    expect(body({}, {}, { format: 'json' })).to.deep.include({
      response_format: { type: 'json_object' },
    })
  })

  it('gives the first four stop strings; the others are looked for here', () => {
    const stop = ['a', 'b', 'c', 'd', 'e']
    expect(body({}, {}, { stop })).to.deep.include({ stop: ['a', 'b', 'c', 'd'] })
  })

  it('limits the answer by the field that the endpoint knows', () => {
    const limited = body({ tokenLimit: 'max_completion_tokens' })
    expect(limited).to.include({ max_completion_tokens: 40 }).and.not.have.property('max_tokens')
  })

  it('gives the samplers that the endpoint has, and refuses the others', () => {
    const wanted = { topK: 5, minP: 0.1, repetitionPenalty: 1.1 }
    expect(body({ samplers: 'extended' }, wanted)).to.include({
      top_k: 5,
      min_p: 0.1,
      repetition_penalty: 1.1,
      // The same by the name that llama.cpp knows.
      repeat_penalty: 1.1,
    })
    expect(body()).to.not.have.any.keys('top_k', 'min_p', 'repetition_penalty', 'repeat_penalty')
    for (const [field, value] of Object.entries(wanted)) {
      expect(codeOf(() => body({}, { [field]: value }))).to.deep.equal(['SPEC_INVALID', field])
    }
    const logitBias = [{ id: 1, bias: 1 }]
    expect(codeOf(() => body({ samplers: 'extended' }, { logitBias }))).to.deep.equal([
      'SPEC_INVALID',
      'logitBias',
    ])
  })

  it('says that no sampler is wanted, because endpoints have defaults of their own', () => {
    expect(body({ samplers: 'extended' })).to.include({
      top_k: -1,
      min_p: 0,
      repetition_penalty: 1,
      repeat_penalty: 1,
    })
  })

  it('goes on behind a prefix in the way that the endpoint knows', () => {
    const messages = [...SPEC.messages, { role: 'assistant', content: 'half ' }]
    const prefilled = body({ continuation: 'prefill' }, {}, {}, 'half ')
    expect(prefilled).to.deep.include({ messages })
    expect(prefilled).to.not.have.property('continue_final_message')
    const flagged = body({ continuation: 'continue_final_message' }, {}, {}, 'half ')
    expect(flagged).to.deep.include({
      messages,
      continue_final_message: true,
      add_generation_prompt: false,
    })
    expect(codeOf(() => body({}, {}, {}, 'half '))).to.deep.equal(['NOT_SUPPORTED', undefined])
  })
})
