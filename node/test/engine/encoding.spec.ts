/** Tests: an encode request that is asked for text by text. */
import { expect } from 'chai'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { EngineHost, ensurePackedModel, spawnInProcess } from '../../src/engine/index.ts'
import type { Encoding } from '../../src/engine/index.ts'
import { MANIFEST_FILE } from '../../src/engine/model/manifest.ts'
import { describeModel } from '../../src/engine/pack/describe-model.ts'
import { temporaryFolder } from './support/duckling.ts'
import { expectCode } from './support/expect-code.ts'
import { NEVER } from './support/requests.ts'
import { writeTinyEncoder } from './support/tiny-encoder.ts'

const TEXTS = ['a brave duck', 'the capital of Norway', 'quack']

describe('EngineHost.openEncoding', () => {
  let engine: EngineHost
  let modelId: string
  let remove: () => Promise<void>

  before(async () => {
    const temporary = await temporaryFolder()
    ;({ remove } = temporary)
    const source = path.join(temporary.folder, 'source')
    await writeTinyEncoder(source, 'embeddings')
    const named = { name: 'test', license: 'MIT', tolerance: 1e-4 }
    const manifest = await describeModel(source, { ...named, calibrationPrompts: ['A duck.'] })
    await writeFile(path.join(source, MANIFEST_FILE), JSON.stringify(manifest))
    const pack = await ensurePackedModel(source, path.join(temporary.folder, 'packed'))
    ;({ modelId } = pack)
    const folders = [pack.folder]
    engine = new EngineHost({ folders, maxOpen: 2, components: { spawn: spawnInProcess } })
    await engine.start()
  })
  afterEach(() => {
    expect(engine.stats().openGenerations).to.equal(0)
  })
  after(async () => {
    await engine.stop()
    await remove()
  })

  const open = (texts: readonly string[] = TEXTS, signal = NEVER): Promise<Encoding> =>
    engine.openEncoding(modelId, 'embeddings', { texts }, signal)

  it('tells how many numbers a text gives, and the tokens before anything is computed', async () => {
    expect(engine.models()[0]).to.include({ width: 16, task: 'embeddings' })
    const encoding = await open()
    const { tokens } = await engine.embed(modelId, { texts: TEXTS }, NEVER)
    expect(encoding.tokensIn).to.equal(tokens)
    encoding.close()
  })

  it('gives the same numbers in any portions, and nothing behind the last text', async () => {
    const { outputs } = await engine.embed(modelId, { texts: TEXTS }, NEVER)
    const [one, two] = [await open(), await open()]
    const portions = await Promise.all([
      one.next(1, NEVER).then(async (first) => [...first, ...(await one.next(9, NEVER))]),
      two.next(2, NEVER).then(async (first) => [...first, ...(await two.next(1, NEVER))]),
    ])
    for (const portion of portions) expect(portion).to.deep.equal(outputs)
    expect(await one.next(1, NEVER)).to.deep.equal([])
    one.close()
    two.close()
  })

  it('computes one portion at a time, and none when it is closed', async () => {
    const encoding = await open()
    const first = encoding.next(3, NEVER)
    await expectCode('STEP_IN_PROGRESS', () => encoding.next(1, NEVER))
    expect(await first).to.have.length(3)
    encoding.close()
    encoding.close()
    await expectCode('GENERATION_CLOSED', () => encoding.next(1, NEVER))
  })

  it('gives its place back when it is aborted or refused', async () => {
    const abort = new AbortController()
    const encoding = await open(TEXTS, abort.signal)
    const waiting = encoding.next(3, abort.signal)
    abort.abort()
    await expectCode('CANCELLED', () => waiting)
    await expectCode('CANCELLED', () => encoding.next(1, NEVER))
    await expectCode('CANCELLED', () => open(TEXTS, abort.signal))
    await expectCode('PROMPT_TOO_LONG', () => open(['duck '.repeat(100)]))
    await expectCode('REQUEST_INVALID', () =>
      engine.openEncoding(modelId, 'classification', { texts: TEXTS }, NEVER),
    )
  })
})
