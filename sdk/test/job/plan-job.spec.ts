import { textModelId } from '@duckmesh/protocols'
import { expect } from 'chai'
import { SdkCrypto } from '../../src/crypto/sdk-crypto.ts'
import { buildSpec } from '../../src/job/build-spec.ts'
import { planJob } from '../../src/job/plan-job.ts'
import type { JobDraft } from '../../src/job/plan-job.ts'
import type { JobRequest } from '../../src/job/request.ts'
import { expectCode } from '../support/expect-code.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { MODEL, modelOffer } from '../support/offers.ts'

const NOW = 1_800_000_000_000
const rng = new SdkCrypto()
const ASK: JobRequest = { model: 'duckling', messages: [{ role: 'user', content: 'Hi' }] }

function plan(over: Partial<JobRequest> = {}, contextLength = 512): JobDraft {
  const request = { ...ASK, ...over }
  const asked = buildSpec(request, rng)
  return planJob({ clock: new FakeClock(NOW), rng }, request, asked, modelOffer({ contextLength }))
}

describe('planJob', () => {
  it('fills in the defaults: one provider by auction, 1 DUCK, two minutes', () => {
    const { spec, ...rest } = plan()
    expect(spec.specHash).to.match(/^0x[0-9a-f]{64}$/)
    expect(rest).to.deep.equal({
      modelId: MODEL,
      // 6 bytes and 8 for the template, as a power of two.
      inBucket: 16,
      maxTokens: 256,
      maxPrice: 10n ** 18n,
      deadline: NOW / 1_000 + 120,
      mode: 1,
      replicas: 1,
      lane: 'auction',
      exclude: [],
    })
  })

  it('takes three members for a redundant job, or as many as are asked for', () => {
    expect(plan({ verification: 'redundant' })).to.include({ mode: 0, replicas: 3 })
    expect(plan({ verification: 'redundant', replicas: 16 })).to.include({ replicas: 16 })
    expect(plan({ verification: 'reference', replicas: 1 })).to.include({ mode: 1, replicas: 1 })
  })

  it('refuses to compare the answers of opaque models, and counts the prompt of a text model', async () => {
    const request: JobRequest = { ...ASK, verification: 'redundant' }
    const at = { clock: new FakeClock(NOW), rng }
    const opaque = modelOffer({ determinism: 'opaque' })
    const text = modelOffer({ modelId: textModelId('remote'), determinism: 'opaque' })
    for (const model of [opaque, text, { ...text, determinism: 'f32' as const }]) {
      await expectCode('NOT_SUPPORTED', () => planJob(at, request, buildSpec(request, rng), model))
    }
    // 14 bytes in fours; a tokenizer may need one token for each of them.
    const asked = buildSpec(ASK, rng)
    expect(planJob(at, ASK, asked, text)).to.include({ inBucket: 4, mode: 1 })
    expect(planJob(at, ASK, asked, opaque)).to.include({ inBucket: 16, mode: 1 })
  })

  it('keeps lane, price and time, and ends the deadline in a whole second that is not too early', () => {
    const draft = plan({ lane: 'direct', maxPrice: 7n, timeoutMs: 1_001 })
    expect(draft).to.include({ lane: 'direct', maxPrice: 7n, deadline: NOW / 1_000 + 2 })
  })

  it('compares addresses in lower case', () => {
    const exclude = [`0x${'AB'.repeat(20)}`] as const
    expect(plan({ exclude }).exclude).to.deep.equal([`0x${'ab'.repeat(20)}`])
  })

  it('asks for no more than the context of the model has', async () => {
    const long = [{ role: 'user', content: 'x'.repeat(5_000) }]
    expect(plan({ messages: long }, 64)).to.include({ inBucket: 64, maxTokens: 63 })
    await expectCode('PROMPT_TOO_LONG', () => plan({ maxTokens: 64 }, 64))
  })

  const refused: [string, Partial<JobRequest>][] = [
    ['replicas', { verification: 'redundant', replicas: 0 }],
    ['replicas', { verification: 'redundant', replicas: 17 }],
    ['replicas', { verification: 'redundant', replicas: 1.5 }],
    ['replicas', { replicas: 3 }],
    ['lane', { verification: 'redundant', lane: 'direct' }],
    ['exclude', { exclude: Array.from({ length: 65 }, () => `0x${'ab'.repeat(20)}` as const) }],
  ]
  for (const [field, over] of refused) {
    it(`refuses ${JSON.stringify(over).slice(0, 50)} and names ${field}`, async () => {
      const error = await expectCode('SPEC_INVALID', () => plan(over))
      expect(error.details).to.deep.equal({ field })
    })
  }
})
