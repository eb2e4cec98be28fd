import { expect } from 'chai'
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const INDEX = path.join(import.meta.dirname, '../../src/engine/index.ts')

describe('engine/index', () => {
  it('does not load the blocking runtime into the thread that imports it', async () => {
    const script = `
      await import(${JSON.stringify(INDEX)})
      const loaded = process.report.getReport().sharedObjects
      process.stdout.write(String(loaded.some((file) => file.includes('onnxruntime'))))`
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script])
    expect(stdout).to.equal('false')
  })
})
