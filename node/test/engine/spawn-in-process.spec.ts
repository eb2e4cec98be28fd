/** Tests: a model run in the calling thread. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, spawnInProcess } from '../../src/engine/index.ts'
import { goldenCases, packedDuckling } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { NEVER, readAll, request } from './support/requests.ts'

describe('engine/spawn-in-process', () => {
  it('answers as a worker does, and says why a model cannot be loaded', async () => {
    const pack = await packedDuckling()
    const init = { folders: [pack.folder], components: { spawn: spawnInProcess } }
    const engine = new EngineHost(init)
    await engine.start()
    const [golden] = await goldenCases()
    const generation = await engine.open(pack.modelId, request(golden?.prompt ?? ''), NEVER)
    expect((await readAll(generation)).ids).to.deep.equal(golden?.completionIds)
    await engine.stop()
    await writeFile(path.join(pack.folder, 'config.json'), '{}')
    await expectCode('MODEL_CORRUPT', () => new EngineHost(init).start())
    await pack.remove()
  })
})
