/** Tests: an engine that is stopped in the middle of its work takes nobody along. In a process of its own, which an abort ends. */
import { expect } from 'chai'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { packedDuckling, temporaryFolder } from './support/duckling.ts'

const SOURCE = path.join(import.meta.dirname, '../../src/engine/index.ts')
const REQUESTS = path.join(import.meta.dirname, 'support/requests.ts')
const TIMES = 3

describe('engine: stop while busy', () => {
  it('ends busy workers again and again without ending the process', async () => {
    const pack = await packedDuckling()
    const script = `
      const { EngineHost } = await import(${JSON.stringify(SOURCE)})
      const { longRequest, NEVER } = await import(${JSON.stringify(REQUESTS)})
      const read = async (generation, begun) => {
        try {
          for await (const _ of generation.step(400, NEVER)) begun()
        } catch (error) {
          return error.code
        }
      }
      const codes = []
      for (let time = 0; time < ${TIMES}; time++) {
        const engine = new EngineHost({ folders: [${JSON.stringify(pack.folder)}] })
        await engine.start()
        const [{ modelId }] = engine.models()
        const opened = [1, 2, 3].map(() => engine.open(modelId, longRequest(), NEVER))
        const begun = Promise.withResolvers()
        const reading = (await Promise.all(opened)).map((each) => read(each, begun.resolve))
        await begun.promise
        await engine.stop()
        codes.push(...(await Promise.all(reading)))
      }
      process.stdout.write(codes.join())`
    const { folder, remove } = await temporaryFolder()
    const file = path.join(folder, 'stop.mjs')
    await writeFile(file, script)
    const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, file])
    await pack.remove()
    await remove()
    expect(stdout.split(',')).to.deep.equal(
      Array.from({ length: 3 * TIMES }, () => 'ENGINE_STOPPED'),
    )
  }).timeout(60_000)
})
