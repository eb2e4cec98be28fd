import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DuckMeshError, textModelId } from '@duckmesh/protocols'
import type { Hex } from '@duckmesh/protocols'
import type { OpenGeneration } from '@duckmesh/protocols/dispatch'
import { expect } from 'chai'
import type { ModelInfo } from '../../src/engine/index.ts'
import { ServedModels, endpointSettings } from '../../src/peer/served-models.ts'
import type { ServedModelsComponents } from '../../src/peer/served-models.ts'
import { SETTINGS, SPEC } from '../backend-openai/specs.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

const LOCAL: Hex = `0x${'11'.repeat(32)}`
const REMOTE = textModelId('remote')
const PAYER: Hex = `0x${'22'.repeat(20)}`
const never = new AbortController().signal

const info = (modelId: Hex): ModelInfo => ({
  modelId,
  cid: '',
  name: 'm',
  contextLength: 9,
  determinism: 'opaque',
  task: 'text-generation',
})

/** A model whose answer is numbers. */
const NUMBERS: Hex = `0x${'33'.repeat(32)}`
const encoder: ModelInfo = { ...info(NUMBERS), task: 'embeddings', width: 4 }

function parts(own: { priceIn?: bigint; priceOut?: bigint } = {}): {
  served: ServedModels
  calls: string[]
} {
  const calls: string[] = []
  const engine: ServedModelsComponents['engine'] = {
    models: () => [info(LOCAL), encoder],
    openEncoding: () => Promise.reject(new TypeError('Not in this test.')),
    open: async (modelId) => {
      calls.push(`engine ${modelId}`)
      throw new DuckMeshError('ENGINE_BUSY', 'Enough of this test.')
    },
  }
  const remote: ServedModelsComponents['remote'] = {
    models: () => [info(REMOTE)],
    open: (modelId, _, prefixIds): OpenGeneration => {
      calls.push(`remote ${modelId} ${prefixIds.join()}`)
      throw new DuckMeshError('BACKEND_UNREACHABLE', 'Enough of this test.')
    },
    settingsOf: (modelId) => (modelId === REMOTE ? { ...SETTINGS, ...own } : undefined),
    start: (onChange) => {
      calls.push('start')
      onChange()
    },
    stop: () => calls.push('stop'),
  }
  return { served: new ServedModels({ engine, remote }, { priceIn: 1n, priceOut: 2n }), calls }
}

describe('ServedModels', () => {
  it('lists both kinds, each at its price', () => {
    const { served } = parts({ priceOut: 5n })
    expect(served.models().map(({ modelId }) => modelId)).to.deep.equal([LOCAL, NUMBERS, REMOTE])
    expect(served.pricesOf(LOCAL)).to.deep.equal({ priceIn: 1n, priceOut: 2n })
    expect(served.pricesOf(REMOTE)).to.deep.equal({ priceIn: 1n, priceOut: 5n })
    expect(parts({ priceIn: 0n }).served.pricesOf(REMOTE).priceIn).to.equal(0n)
  })

  it('asks for the texts, not for the numbers, of a model that embeds', () => {
    const { served } = parts()
    expect(served.pricesOf(NUMBERS)).to.deep.equal({ priceIn: 1n, priceOut: 0n })
    expect(served.numbersOf(NUMBERS)).to.deep.equal({ task: 'embed', width: 4, labels: [] })
    expect(served.numbersOf(LOCAL)).to.equal(undefined)
  })

  it('sends each job where its model runs', async () => {
    const { calls, served } = parts()
    const open = (modelId: Hex): Promise<DuckMeshError> =>
      rejection(served.open(modelId, SPEC, [7], never, PAYER))
    expect((await open(LOCAL)).code).to.equal('ENGINE_BUSY')
    expect((await open(REMOTE)).code).to.equal('BACKEND_UNREACHABLE')
    expect(calls).to.deep.equal([`engine ${LOCAL}`, `remote ${REMOTE} 7`])
  })

  it('starts and stops the probes, and passes on what changed', () => {
    const { calls, served } = parts()
    served.start(() => calls.push('changed'))
    served.stop()
    expect(calls).to.deep.equal(['start', 'changed', 'stop'])
  })
})

describe('endpointSettings', () => {
  const { apiKey: _, name: __, ...plain } = { apiKey: undefined, ...SETTINGS }
  const backend = { backend: 'openai' as const, ...plain }

  it('reads the key and takes the name of the model when no other is given', async () => {
    await withTempDir(async (folder) => {
      const apiKeyFile = join(folder, 'key')
      await writeFile(apiKeyFile, 'sk-1\n', { mode: 0o600 })
      const named = { ...backend, apiKeyFile, name: 'mine' }
      expect(await endpointSettings({ backends: [backend, named] })).to.deep.equal([
        { ...plain, name: 'remote-model', apiKey: undefined },
        { ...plain, name: 'mine', apiKey: 'sk-1' },
      ])
    })
    expect(await endpointSettings({})).to.deep.equal([])
  })

  it('rejects with CONFIG_INVALID when there is no key', async () => {
    const backends = [{ ...backend, apiKeyFile: '/nowhere/key' }]
    expect((await rejection(endpointSettings({ backends }))).code).to.equal('CONFIG_INVALID')
  })
})
