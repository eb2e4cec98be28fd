import { cp, mkdir, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadModels } from '../../src/peer/load-models.ts'
import { NotedLogs } from '../noted-logs.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

describe('loadModels', () => {
  it('packs Duckling once and offers it, without the corrupt model beside it', async () => {
    await withTempDir(async (folder) => {
      const logs = new NotedLogs()
      const engine = await loadModels(folder, logs)
      expect(engine.models().map(({ name }) => name)).to.deep.equal(['duckling'])
      await engine.stop()
      const [first] = logs.of('model.ready')
      expect(first).to.include({ packed: true })

      const [cid] = await readdir(folder)
      const corrupt = join(folder, `b${'a'.repeat(cid!.length - 1)}`)
      await cp(join(folder, cid!), corrupt, { recursive: true })
      await truncate(join(corrupt, 'model.onnx'), 1_000)
      // Neither a half-packed model nor a stray file is tried.
      await mkdir(join(folder, `${cid!}.tmp`))
      await writeFile(join(folder, `b${'b'.repeat(58)}`), '')
      const again = new NotedLogs()
      const both = await loadModels(folder, again)
      expect(both.models()).to.have.length(1)
      await both.stop()
      expect(again.of('model.ready')).to.deep.equal([{ cid, packed: false }])
      const left = again.of('model.not_offered')
      expect(left.map((fields) => fields['folder'])).to.deep.equal([corrupt])
      expect(left[0]?.['code']).to.match(/^MODEL_/)
    })
  })

  it('refuses a device that is not there instead of computing elsewhere', async () => {
    await withTempDir(async (folder) => {
      // No machine has both.
      const device = process.platform === 'win32' ? 'coreml' : 'dml'
      const logs = new NotedLogs()
      const error = await rejection(loadModels(folder, logs, undefined, { device, threads: 1 }))
      expect(error.code).to.equal('DEVICE_UNAVAILABLE')
      expect(error.details).to.include({ device })
    })
  })

  it('rejects with a code of the registry when the folder cannot be made', async () => {
    await withTempDir(async (folder) => {
      const file = join(folder, 'file')
      await writeFile(file, '')
      const error = await rejection(loadModels(join(file, 'models'), new NotedLogs()))
      expect(error.stage).to.equal('engine')
    })
  })
})
