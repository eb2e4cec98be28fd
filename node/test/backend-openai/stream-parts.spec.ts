import { expect } from 'chai'
import { streamParts } from '../../src/backend-openai/stream-parts.ts'
import { refusal } from '../reject.ts'

const parts = (chunk: unknown): unknown => streamParts(JSON.stringify(chunk))

const quiet = { type: 'quiet' }

describe('streamParts', () => {
  it('reads text, reason and usage of a chunk', () => {
    const choice = (delta: unknown, reason: unknown = null): unknown =>
      parts({ id: 'x', choices: [{ index: 0, delta, finish_reason: reason }] })
    expect(choice({ content: 'Hi' })).to.deep.equal([{ type: 'text', text: 'Hi' }])
    expect(choice({ role: 'assistant', content: '' })).to.deep.equal([quiet])
    expect(choice({ reasoning_content: 'Hm' })).to.deep.equal([quiet])
    expect(choice({ content: null }, '')).to.deep.equal([quiet])
    expect(choice(null)).to.deep.equal([quiet])
    expect(choice({ content: '!' }, 'stop')).to.deep.equal([
      { type: 'text', text: '!' },
      { type: 'finish', reason: 'stop' },
    ])
    for (const [told, reason] of [
      ['length', 'length'],
      ['content_filter', 'stop'],
      ['tool_calls', 'stop'],
    ]) {
      expect(choice({}, told)).to.deep.equal([quiet, { type: 'finish', reason }])
    }
    const usage = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }
    expect(parts({ choices: [], usage })).to.deep.equal([
      { type: 'usage', promptTokens: 3, completionTokens: 5 },
    ])
    expect(parts({})).to.deep.equal([])
    expect(parts({ choices: [], usage: null })).to.deep.equal([])
  })

  it('reads the first choice alone: one answer is asked for', () => {
    const choices = [{ delta: { content: 'a' } }, { delta: { content: 'b' } }]
    expect(parts({ choices })).to.deep.equal([{ type: 'text', text: 'a' }])
  })

  it('throws BACKEND_FAILED for anything else, without repeating it', () => {
    for (const data of [
      '{"secret"',
      '"secret"',
      '[]',
      '{"choices": "secret"}',
      '{"choices": [{"delta": {"content": 7}}]}',
      '{"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": 1}}',
      '{"error": {"message": "secret"}}',
    ]) {
      const error = refusal(() => streamParts(data))
      expect(error.code, data).to.equal('BACKEND_FAILED')
      expect(error.message).to.not.contain('secret')
      expect(error.cause).to.equal(undefined)
    }
  })
})
