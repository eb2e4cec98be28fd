import { inspect } from 'node:util'
import { openSpec } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import fc from 'fast-check'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { buildSpec, encodeSpec, fitToContext, promptBucket } from '../../src/job/build-spec.ts'
import type { JobRequest } from '../../src/job/request.ts'
import { expectCode } from '../support/expect-code.ts'
import { address, bytes32 } from '../support/offers.ts'

const rng = new SdkCrypto()
const ask = (over: Partial<JobRequest> = {}): JobRequest => ({
  model: 'duckling',
  messages: [{ role: 'user', content: 'Hello' }],
  ...over,
})
const spec = (over: Partial<JobRequest> = {}) => buildSpec(ask(over), rng)
const messages = (...contents: string[]) => contents.map((content) => ({ role: 'user', content }))

describe('buildSpec', () => {
  it('fills in greedy sampling, 256 tokens and a random seed', () => {
    const { seed, ...rest } = spec()
    expect(rest).to.deep.equal({
      messages: [{ role: 'user', content: 'Hello' }],
      sampling: {
        temperature: 0,
        topP: 1,
        topK: 0,
        minP: 0,
        repetitionPenalty: 1,
        logitBias: [],
      },
      maxTokens: 256,
      stop: [],
    })
    expect(seed).to.match(/^0x[0-9a-f]{64}$/)
    expect(spec().seed).to.not.equal(seed)
  })

  it('keeps what the caller asks for and nothing that is not of the spec', () => {
    const message = { role: 'system', content: 'Be kind', name: 'secret' }
    const built = spec({
      messages: [message, ...messages('Hi')],
      maxTokens: 3,
      stop: ['\n'],
      seed: bytes32(9),
      sampling: { temperature: 0.7, topK: 40 },
    })
    expect(built.messages).to.deep.equal([
      { role: 'system', content: 'Be kind' },
      { role: 'user', content: 'Hi' },
    ])
    expect(built).to.include({ maxTokens: 3, seed: bytes32(9) })
    expect(built.stop).to.deep.equal(['\n'])
    expect(built.sampling).to.include({ temperature: 0.7, topK: 40, topP: 1 })
  })

  it('asks for JSON only when told', () => {
    expect(spec({ format: 'json' })).to.include({ format: 'json' })
    expect(spec()).to.not.have.property('format')
  })

  for (const [name, contents] of [
    ['no message', []],
    ['only white space', [' \n\t', '']],
  ] as const) {
    it(`refuses a prompt with ${name}`, async () => {
      await expectCode('PROMPT_EMPTY', () => spec({ messages: messages(...contents) }))
    })
  }

  const refused: [keyof JobRequest, JobRequest[keyof JobRequest]][] = [
    ['maxTokens', 0],
    ['maxTokens', 1.5],
    ['maxTokens', Number.NaN],
    ['maxPrice', -1n],
    ['maxPrice', 2n ** 96n],
    ['timeoutMs', 0],
    ['timeoutMs', Number.POSITIVE_INFINITY],
    ['timeoutMs', 3_600_000],
    ['seed', '0x12'],
    ['seed', `0x${'AB'.repeat(32)}`],
    ['exclude', ['0x12']],
  ]
  for (const [field, value] of refused) {
    it(`refuses ${field} ${inspect(value)} and names the field`, async () => {
      const error = await expectCode('SPEC_INVALID', () => spec({ [field]: value }))
      expect(error.details).to.include({ field })
      expect(error.message).to.contain(field)
    })
  }

  it('takes the ends of the ranges', () => {
    expect(() =>
      spec({ maxTokens: 1, maxPrice: 2n ** 96n - 1n, timeoutMs: 3_540_000 }),
    ).not.to.throw()
    expect(() => spec({ maxPrice: 0n, timeoutMs: 1, exclude: [address(1)] })).not.to.throw()
  })
})

describe('encodeSpec', () => {
  it('salts, so that equal prompts have unlike hashes, and opens to the same spec', async () => {
    const built = spec({ stop: ['ü'] })
    const first = encodeSpec(built, rng)
    expect(encodeSpec(built, rng).specHash).to.not.equal(first.specHash)
    const unsealer = { encKey: bytes32(1), open: () => Promise.resolve(first.bytes) }
    const sealed = { enc: new Uint8Array(), ciphertext: new Uint8Array() }
    const opened = await openSpec(unsealer, bytes32(1), address(1), first.specHash, sealed)
    expect(opened).to.deep.equal(built)
  })

  const refused: [string, Partial<JobRequest>, string][] = [
    [
      'a temperature whose draws cannot be checked',
      { sampling: { temperature: 0.1 } },
      'temperature',
    ],
    ['topP above 1', { sampling: { topP: 1.5 } }, 'topP'],
    ['seventeen stop strings', { stop: Array<string>(17).fill('x') }, 'stop'],
    ['an empty stop string', { stop: [''] }, 'stop'],
    ['a role that is too long', { messages: [{ role: 'r'.repeat(33), content: 'x' }] }, 'role'],
    ['more than 64 messages', { messages: messages(...Array<string>(65).fill('x')) }, 'messages'],
  ]
  for (const [name, over, field] of refused) {
    it(`refuses ${name} with SPEC_INVALID and the field`, async () => {
      const error = await expectCode('SPEC_INVALID', () => encodeSpec(spec(over), rng))
      expect(error.details['field']).to.contain(field)
    })
  }

  it('refuses a prompt above the wire limit with PROMPT_TOO_LONG', async () => {
    const long = spec({ messages: messages('x'.repeat(140_000)) })
    await expectCode('PROMPT_TOO_LONG', () => encodeSpec(long, rng))
    const split = spec({ messages: messages('x'.repeat(70_000), 'x'.repeat(70_000)) })
    await expectCode('PROMPT_TOO_LONG', () => encodeSpec(split, rng))
  })
})

describe('promptBucket', () => {
  it('counts bytes of UTF-8, not characters, with 8 a message for the template', () => {
    // 4 of the role, 8 of the template.
    expect(promptBucket(spec({ messages: messages('x'.repeat(4)) }))).to.equal(16)
    expect(promptBucket(spec({ messages: messages('x'.repeat(5)) }))).to.equal(32)
    expect(promptBucket(spec({ messages: messages('é'.repeat(2)) }))).to.equal(16)
    expect(promptBucket(spec({ messages: messages('🦆'.repeat(2)) }))).to.equal(32)
    expect(promptBucket(spec({ messages: messages('x', 'x') }))).to.equal(32)
  })

  it('is a power of two that is at least the bytes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 }),
        (texts) => {
          const built = { ...spec(), messages: messages(...texts) }
          const bucket = promptBucket(built)
          const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(`user${text}`), 0)
          expect(Number.isInteger(Math.log2(bucket))).to.equal(true)
          expect(bucket).to.be.at.least(bytes)
          expect(bucket).to.be.below(2 * (bytes + 8 * texts.length))
        },
      ),
    )
  })
})

describe('fitToContext', () => {
  it('keeps what fits', () => {
    const built = spec({ maxTokens: 511 })
    expect(fitToContext(built, 512, true)).to.equal(built)
  })

  it('lowers the default to what the context leaves', () => {
    expect(fitToContext(spec(), 100, false).maxTokens).to.equal(99)
  })

  it('refuses an explicit number that cannot fit, and a context without room', async () => {
    const error = await expectCode('PROMPT_TOO_LONG', () =>
      fitToContext(spec({ maxTokens: 512 }), 512, true),
    )
    expect(error.details).to.deep.equal({ maxTokens: 512, contextLength: 512 })
    await expectCode('PROMPT_TOO_LONG', () => fitToContext(spec(), 1, false))
  })
})
