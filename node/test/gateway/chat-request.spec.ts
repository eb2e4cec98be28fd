import { DuckMeshError } from '@duckmesh/protocols'
import { expect } from 'chai'
import fc from 'fast-check'
import { parseChatRequest } from '../../src/gateway/chat-request.ts'
import { refusal } from '../reject.ts'

const USER = { role: 'user', content: 'Hello' }
const CHAT = { model: 'duckling', messages: [USER] }

const parsed = (over: object) => parseChatRequest({ ...CHAT, ...over })

function refusedParam(value: unknown): unknown {
  const error = refusal(() => parseChatRequest(value))
  expect(error.code).to.equal('SPEC_INVALID')
  return error.details['field']
}

describe('parseChatRequest', () => {
  it('takes the least there is', () => {
    expect(parseChatRequest(CHAT)).to.deep.equal({
      request: CHAT,
      stream: false,
      includeUsage: false,
    })
  })

  it('takes every parameter that is served', () => {
    const served = {
      max_tokens: 5,
      max_completion_tokens: 6,
      temperature: 0.5,
      top_p: 0.9,
      stop: ['a', 'b'],
      seed: -7,
      logit_bias: { 1: -100 },
      duckmesh: {
        maxPrice: '79228162514264337593543950335',
        timeoutMs: 9,
        topK: 3,
        minP: 0.1,
        repetitionPenalty: 1.1,
        lane: 'auction',
        verification: 'redundant',
        replicas: 3,
      },
    }
    const { request, stream, includeUsage } = parsed({
      ...served,
      stream: true,
      stream_options: { include_usage: true },
    })
    expect({ stream, includeUsage }).to.deep.equal({ stream: true, includeUsage: true })
    expect(request).to.deep.equal({
      ...CHAT,
      ...served,
      duckmesh: { ...served.duckmesh, maxPrice: 2n ** 96n - 1n },
    })
  })

  it('takes null for left out, everywhere but for model and messages', () => {
    const names = ['stream', 'stream_options', 'max_tokens', 'max_completion_tokens', 'temperature']
    const more = [
      'top_p',
      'stop',
      'seed',
      'logit_bias',
      'duckmesh',
      'n',
      'tools',
      'response_format',
    ]
    const most = ['frequency_penalty', 'presence_penalty', 'logprobs', 'top_logprobs', 'functions']
    const rest = ['tool_choice', 'function_call', 'modalities', 'user', 'metadata', 'audio']
    const nulls = [...names, ...more, ...most, ...rest].map((name) => [name, null])
    const { request, stream } = parsed(Object.fromEntries(nulls) as object)
    expect(request).to.deep.equal(CHAT)
    expect(stream).to.equal(false)
    expect(parsed({ stream_options: { include_usage: null } }).includeUsage).to.equal(false)
    expect(parsed({ duckmesh: { topK: null } }).request.duckmesh?.topK).to.equal(undefined)
    expect(refusedParam({ ...CHAT, model: null })).to.equal('model')
    expect(refusedParam({ ...CHAT, messages: null })).to.equal('messages')
  })

  it('joins text parts, and takes a developer for the system', () => {
    const content = [
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ]
    const messages = [
      { role: 'developer', content: 'Be a duck.', name: 'boss' },
      { role: 'assistant', content: 'Quack', refusal: null, annotations: [], tool_calls: [] },
      { role: 'user', content },
    ]
    expect(parsed({ messages }).request.messages).to.deep.equal([
      { role: 'system', content: 'Be a duck.' },
      { role: 'assistant', content: 'Quack' },
      USER,
    ])
  })

  it('takes what asks for nothing, and what says nothing about the answer', () => {
    const nothing = {
      n: 1,
      frequency_penalty: 0,
      presence_penalty: 0,
      logprobs: false,
      top_logprobs: 0,
      tools: [],
      functions: [],
      tool_choice: 'auto',
      function_call: 'none',
      response_format: { type: 'text' },
      modalities: ['text'],
      reasoning_effort: 'none',
      verbosity: 'medium',
      parallel_tool_calls: true,
      user: 'me',
      metadata: { a: 'b' },
      store: true,
      service_tier: 'auto',
      safety_identifier: 'x',
      prompt_cache_key: 'y',
      prompt_cache_retention: '24h',
    }
    expect(parsed(nothing).request).to.deep.equal(CHAT)
  })

  it('asks for JSON, and says of other formats what there is', () => {
    const json = { type: 'json_object' }
    expect(parsed({ response_format: json }).request).to.deep.equal({
      ...CHAT,
      response_format: json,
    })
    const schema = { ...CHAT, response_format: { type: 'json_schema' } }
    expect(() => parseChatRequest(schema)).to.throw('{"type": "json_object"}')
  })

  const wrong: [string, unknown, string][] = [
    ['no body', undefined, 'body'],
    ['text', 'hello', 'body'],
    ['a list', [], 'body'],
    ['nothing in it', {}, 'model'],
    ['no messages', { model: 'duckling' }, 'messages'],
    ['an empty model', { ...CHAT, model: '' }, 'model'],
    ['empty messages', { ...CHAT, messages: [] }, 'messages'],
    ['a message that is text', { ...CHAT, messages: ['Hello'] }, 'messages[0]'],
    [
      'an unknown role',
      { ...CHAT, messages: [USER, { role: 'tool', content: '' }] },
      'messages[1].role',
    ],
    ['a message without content', { ...CHAT, messages: [{ role: 'user' }] }, 'messages[0].content'],
    [
      'an image',
      { ...CHAT, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] },
      'messages[0].content[0].type',
    ],
    [
      'tool calls of the assistant',
      { ...CHAT, messages: [{ role: 'assistant', content: '', tool_calls: [{}] }] },
      'messages[0].tool_calls',
    ],
    ['an unknown parameter', { ...CHAT, top_k: 3 }, 'top_k'],
    ['an unknown extra', { ...CHAT, duckmesh: { price: '1' } }, 'duckmesh.price'],
    ['an amount that is a number', { ...CHAT, duckmesh: { maxPrice: 1 } }, 'duckmesh.maxPrice'],
    ['an amount in DUCK', { ...CHAT, duckmesh: { maxPrice: '0.5' } }, 'duckmesh.maxPrice'],
    ['a negative amount', { ...CHAT, duckmesh: { maxPrice: '-1' } }, 'duckmesh.maxPrice'],
    ['too many replicas', { ...CHAT, duckmesh: { replicas: 17 } }, 'duckmesh.replicas'],
    ['an unknown lane', { ...CHAT, duckmesh: { lane: 'fast' } }, 'duckmesh.lane'],
    ['stream as text', { ...CHAT, stream: 'yes' }, 'stream'],
    ['no tokens', { ...CHAT, max_tokens: 0 }, 'max_tokens'],
    ['half a token', { ...CHAT, max_completion_tokens: 1.5 }, 'max_completion_tokens'],
    ['a temperature of 3', { ...CHAT, temperature: 3 }, 'temperature'],
    ['top_p of 2', { ...CHAT, top_p: 2 }, 'top_p'],
    ['a stop that is a number', { ...CHAT, stop: 7 }, 'stop'],
    ['a stop list of numbers', { ...CHAT, stop: ['a', 7] }, 'stop[1]'],
    ['half a seed', { ...CHAT, seed: 1.5 }, 'seed'],
    ['a bias that is text', { ...CHAT, logit_bias: { 1: 'x' } }, 'logit_bias.1'],
    ['two choices', { ...CHAT, n: 2 }, 'n'],
    ['tools', { ...CHAT, tools: [{}] }, 'tools'],
    [
      'answers by a schema',
      { ...CHAT, response_format: { type: 'json_schema', json_schema: { name: 'x' } } },
      'response_format',
    ],
    ['a format that is text', { ...CHAT, response_format: 'json_object' }, 'response_format'],
    ['a format without a type', { ...CHAT, response_format: {} }, 'response_format.type'],
    ['log probabilities', { ...CHAT, logprobs: true }, 'logprobs'],
    ['a frequency penalty', { ...CHAT, frequency_penalty: 0.5 }, 'frequency_penalty'],
    ['sound', { ...CHAT, modalities: ['text', 'audio'] }, 'modalities[1]'],
    ['hard thinking', { ...CHAT, reasoning_effort: 'high' }, 'reasoning_effort'],
  ]
  for (const [what, body, param] of wrong) {
    it(`refuses ${what} and names ${param}`, () => {
      expect(refusedParam(body)).to.equal(param)
    })
  }

  it('gives a request or SPEC_INVALID with a name, whatever comes', () => {
    const json = fc.jsonValue()
    const likeChat = fc.record(
      { model: json, messages: json, stop: json, duckmesh: json, tools: json, seed: json },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(json, likeChat), (body) => {
        try {
          expect(parseChatRequest(body).request.messages).to.be.an('array')
        } catch (error) {
          expect(error).to.be.instanceOf(DuckMeshError)
          const { code, details } = error as DuckMeshError
          expect(code).to.equal('SPEC_INVALID')
          expect(details['field']).to.be.a('string').and.not.equal('')
        }
      }),
    )
  })
})
