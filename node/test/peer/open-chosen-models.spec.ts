import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { loadConfig } from '../../src/config/index.ts'
import type { Config } from '../../src/config/index.ts'
import { addModel, ModelStore } from '../../src/models/index.ts'
import { Closers } from '../../src/peer/closers.ts'
import { loadModels } from '../../src/peer/load-models.ts'
import { openChosenModels } from '../../src/peer/open-chosen-models.ts'
import { DUCKLING_SOURCE } from '../engine/support/duckling.ts'
import { ManualClock } from '../manual-clock.ts'
import { NotedLogs } from '../noted-logs.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const A = `0x${'ab'.repeat(20)}`

/** A provider's configuration with these models; everything lies in the folder. */
function configOf(folder: string, more: Record<string, unknown> = {}): Promise<Config> {
  return loadConfig({
    flags: {
      'network.chainId': 31337,
      'network.rpc': 'http://127.0.0.1:8545',
      'network.registry': A,
      'network.market': A,
      'network.token': A,
      dataDir: join(folder, 'data'),
      'provider.owner': A,
      'provider.priceIn': '1',
      'provider.priceOut': '1',
      'provider.modelsDir': join(folder, 'packed'),
      ...more,
    },
  })
}

describe('openChosenModels', () => {
  it('gives nothing when the configuration names none', async () => {
    await withTempDir(async (folder) => {
      const config = await configOf(folder)
      const closers = new Closers()
      expect(await openChosenModels(config, new ManualClock(), closers)).to.equal(undefined)
    })
  })

  it('opens models of the store by name, CID and id, and the engine serves exactly those', async () => {
    await withTempDir(async (folder) => {
      const clock = new ManualClock(5_000)
      const store = await ModelStore.at(join(folder, 'data', 'models'), { clock })
      const { loaded } = await addModel(store, DUCKLING_SOURCE, { q4: true })
      const { cid, modelId } = loaded
      clock.advance(5_000)
      const config = await configOf(folder, { 'provider.models': `duckling-q4,${cid},${modelId}` })
      const closers = new Closers()
      const folders = await openChosenModels(config, clock, closers)
      expect(folders).to.have.length(1)
      expect((await store.list())[0]?.usedAtMs).to.equal(10_000)
      const engine = await loadModels(config.provider!.modelsDir, new NotedLogs(), folders)
      expect(engine.models().map(({ name }) => name)).to.deep.equal(['duckling-q4'])
      expect((await rejection(store.remove(modelId))).code).to.equal('MODEL_IN_USE')
      await engine.stop()
      await closers.closeAll()
      await store.remove(modelId)
    })
  })

  it('takes folders as they are, also from another place for the store', async () => {
    await withTempDir(async (folder) => {
      const config = await configOf(folder, {
        'provider.models': './mine,/srv/models/x',
        modelStore: join(folder, 'elsewhere'),
      })
      const closers = new Closers()
      const folders = await openChosenModels(config, new ManualClock(), closers)
      expect(folders).to.deep.equal([resolve('mine'), resolve('/srv/models/x')])
      const named = { ...config, provider: { ...config.provider!, models: ['x'] } }
      const error = await rejection(openChosenModels(named, new ManualClock(), closers))
      expect(error.code).to.equal('MODEL_NOT_STORED')
      expect(await ModelStore.at(join(folder, 'elsewhere')).then((s) => s.list())).to.deep.equal([])
    })
  })

  it('refuses an empty list', async () => {
    await withTempDir(async (folder) => {
      const error = await rejection(configOf(folder, { 'provider.models': '' }))
      expect(error.message).to.contain('provider.models')
    })
  })
})
