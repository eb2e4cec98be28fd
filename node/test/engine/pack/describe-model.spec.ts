import { expect } from 'chai'
import { loadManifest } from '../../../src/engine/model/manifest.ts'
import { SELF_TEST_TOLERANCE } from '../../../src/engine/model/self-test.ts'
import { describeModel } from '../../../src/engine/pack/describe-model.ts'
import { DUCKLING_SOURCE } from '../support/duckling.ts'

describe('engine/pack/describe-model', () => {
  it('gives the committed manifest of Duckling, but for the last digits of its logits', async () => {
    const { manifest: committed } = await loadManifest(DUCKLING_SOURCE)
    const made = await describeModel(DUCKLING_SOURCE, {
      name: 'duckling',
      license: 'MIT',
      tolerance: 0.0001,
      calibrationPrompts: [
        'What is the capital of Norway?',
        'What is 7 plus 8?',
        'Tell me a story about a brave duck.',
      ],
    })
    expect({ ...made, calibration: [] }).to.deep.equal({ ...committed, calibration: [] })
    made.calibration.forEach(({ ids, top }, i) => {
      expect(ids).to.deep.equal(committed.calibration[i]?.ids)
      top.forEach(([id, logit], k) => {
        const [committedId, committedLogit] = committed.calibration[i]?.top[k] ?? [-1, NaN]
        expect(id).to.equal(committedId)
        expect(logit).to.be.closeTo(committedLogit, SELF_TEST_TOLERANCE)
      })
    })
  })
})
