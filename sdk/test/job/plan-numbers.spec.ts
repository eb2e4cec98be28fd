import { openSpec } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { buildSpec } from '../../src/job/build-spec.ts'
import { planJob } from '../../src/job/plan-job.ts'
import type { JobDraft } from '../../src/job/plan-job.ts'
import type { JobRequest } from '../../src/job/request.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { address, bytes32, modelOffer } from '../support/offers.ts'

const rng = new SdkCrypto()
const NUMBERS = { task: 'embed' as const, width: 384, labels: [] }
const MODEL = modelOffer({ contextLength: 16, numbers: NUMBERS })
const ASK: JobRequest = { model: 'duckling', messages: [], task: 'embed', texts: ['a', 'bc'] }

function plan(over: Partial<JobRequest> = {}, model = MODEL): JobDraft {
  const request = { ...ASK, ...over }
  const asked = buildSpec(request, rng)
  return planJob({ clock: new FakeClock(0), rng }, request, asked, model)
}

describe('the plan of a job of numbers', () => {
  it('counts the numbers of all texts, and bounds their tokens by bytes and context', () => {
    // 3 bytes and 8 around each text.
    const { inBucket, maxTokens, mode, numbers } = plan()
    expect({ inBucket, maxTokens, mode, numbers }).to.deep.equal({
      inBucket: 32,
      maxTokens: 768,
      mode: 1,
      numbers: NUMBERS,
    })
    const long = Array.from({ length: 3 }, () => 'x'.repeat(1_000))
    expect(plan({ texts: long })).to.include({ inBucket: 64, maxTokens: 3 * 384 })
  })

  it('seals the task and the texts, and nothing of a chat', async () => {
    const { spec } = plan()
    const unsealer = { encKey: bytes32(1), open: async () => Promise.resolve(spec.bytes) }
    const sealed = { enc: new Uint8Array(32), ciphertext: new Uint8Array(48) }
    const opened = await openSpec(unsealer, bytes32(2), address(3), spec.specHash, sealed)
    expect(opened).to.deep.include({ task: 'embed', texts: ['a', 'bc'], messages: [], stop: [] })
    expect(opened.maxTokens).to.equal(768)
  })

  it('refuses a model of another task, and says which it has', async () => {
    const chat: JobRequest = { model: 'x', messages: [{ role: 'user', content: 'Hi' }] }
    const attempts: [() => JobDraft, string][] = [
      [() => plan({}, modelOffer()), 'chat'],
      [() => plan({ task: 'classify' }), 'embed'],
      [() => planJob({ clock: new FakeClock(0), rng }, chat, buildSpec(chat, rng), MODEL), 'embed'],
    ]
    for (const [attempt, task] of attempts) {
      const { details } = await expectCode('NOT_SUPPORTED', attempt)
      expect(details).to.deep.equal({ field: 'model', task })
    }
  })

  it('refuses to compare the numbers of several providers', async () => {
    const error = await expectCode('NOT_SUPPORTED', () => plan({ verification: 'redundant' }))
    expect(error.details).to.include({ field: 'verification' })
  })

  const refused: [string, Partial<JobRequest>][] = [
    ['width', { width: 512 }],
    ['texts', { texts: Array.from({ length: 171 }, () => 'a') }],
    ['jobSpec.texts', { texts: Array.from({ length: 257 }, () => 'a') }],
    ['maxTokens', { maxTokens: 768 }],
    ['stop', { stop: [] }],
    ['format', { format: 'json' }],
    ['sampling', { sampling: {} }],
  ]
  for (const [field, over] of refused) {
    it(`refuses ${JSON.stringify(over).slice(0, 40)} and names ${field}`, async () => {
      const narrow = modelOffer({ numbers: { ...NUMBERS, width: 16 } })
      const model = field.startsWith('jobSpec') ? narrow : MODEL
      const error = await expectCode('SPEC_INVALID', () => plan(over, model))
      expect(error.details['field']).to.equal(field)
    })
  }

  it('takes as many texts as 65 536 numbers have', () => {
    const texts = Array.from({ length: 170 }, () => 'a')
    expect(plan({ texts, width: 384 }).maxTokens).to.equal(65_280)
  })

  it('refuses no text, and an empty one, as an empty prompt', async () => {
    for (const texts of [[], ['a', '']]) await expectCode('PROMPT_EMPTY', () => plan({ texts }))
  })

  it('refuses texts of a chat', async () => {
    const messages = [{ role: 'user', content: 'Hi' }]
    for (const over of [{ texts: ['a'] }, { width: 3 }]) {
      const request = { model: 'x', messages, ...over }
      await expectCode('SPEC_INVALID', () => buildSpec(request, rng))
    }
  })
})
