/** Tests: what is promised about a model's answers depends on where it runs. */
import { expect } from 'chai'
import type { DeviceReport } from '../../../src/engine/index.ts'
import { identifyManifest } from '../../../src/engine/model/manifest.ts'
import type { ModelManifest } from '../../../src/engine/model/manifest.ts'
import { modelInfo } from '../../../src/engine/model/model-info.ts'
import { packedDuckling } from '../support/duckling.ts'

const FLAWLESS: DeviceReport = {
  ...{ device: 'cuda', nodes: 3, deviceNodes: 3, deviceTime: 1 },
  ...{ selfTestDifference: 0, maxDifference: 0, speed: { one: 9 } },
}

describe('engine/model/model-info', () => {
  let manifest: ModelManifest
  before(async () => {
    const pack = await packedDuckling()
    manifest = pack.manifest
    await pack.remove()
  })

  it('promises on the processor what the manifest promises', () => {
    const loaded = identifyManifest(manifest)
    const info = modelInfo(loaded)
    expect(info).to.include({ determinism: 'f32', modelId: loaded.modelId, cid: loaded.cid })
    expect(info).to.not.have.any.keys('device', 'labels')
    const opaque = identifyManifest({ ...manifest, determinism: 'opaque', labels: ['a', 'b'] })
    expect(modelInfo(opaque)).to.deep.include({ determinism: 'opaque', labels: ['a', 'b'] })
  })

  it('promises nothing on a device, however well it computed, and keeps the name of the model', () => {
    const loaded = identifyManifest(manifest)
    expect(manifest.determinism).to.equal('f32')
    const info = modelInfo(loaded, FLAWLESS)
    expect(info).to.deep.include({ determinism: 'opaque', device: FLAWLESS })
    expect(info.modelId).to.equal(loaded.modelId)
  })
})
