import { chmod, readdir, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { main } from '../../src/cli/main.ts'
import { storeFolder } from '../../src/cli/models-store.ts'
import { DUCKLING_SOURCE } from '../engine/support/duckling.ts'
import { writeTinyEncoder } from '../engine/support/tiny-encoder.ts'
import { withTempDir } from '../temp-dir.ts'
import { writeTinyModel, someBytes } from '../models/tiny-model.ts'
import { captured } from './captured.ts'
import type { Captured } from './captured.ts'

/** Commands on a store of their own. */
async function withModels(
  use: (run: (...argv: string[]) => Promise<Captured>, folder: string) => Promise<void>,
): Promise<void> {
  await withTempDir(async (folder) => {
    const store = join(folder, 'store')
    await use((...argv) => captured(() => main(['models', ...argv, '--store', store])), folder)
  })
}

/** What a command printed as JSON lines. */
function lines(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

describe('duckmesh models', function () {
  this.timeout(60_000)

  it('takes in, lists, pins, verifies and removes', async () => {
    await withModels(async (run, folder) => {
      const added = await run('add', DUCKLING_SOURCE)
      expect(added.err).to.equal('')
      expect(added.out)
        .to.match(/^duckling {2}7\.19 MB {2}bagaa/)
        .and.contain('licence MIT')
      const small = await run('add', DUCKLING_SOURCE, '--q4', '--name', 'small', '--pin', '--json')
      expect(lines(small.out)[0]).to.include({ name: 'small', measured: true, pinned: true })

      const list = await run('list')
      expect(list.out).to.match(/duckling .*bagaa[^]*small .*pinned .*bagaa[^]* of 68.7 GB in /)
      const [json] = lines((await run('list', '--json')).out)
      expect(json).to.have.keys('models', 'unfinished', 'usage', 'store')
      expect(json?.['store']).to.equal(join(folder, 'store'))
      expect(json?.['models']).to.have.length(2)

      const verified = await run('verify')
      expect(verified.out.match(/: ok$/gm)).to.have.length(2)
      expect(lines((await run('verify', 'small', '--json')).out)[0]).to.include({ result: 'ok' })

      expect((await run('unpin', 'small')).out).to.contain('is unpinned.')
      expect(lines((await run('pin', 'small', '--json')).out)[0]).to.include({ pinned: true })
      const quota = await run('quota', '5MB', '--json')
      expect(quota.err).to.match(/^Removed duckling \(bagaa.*to make room\.\n$/)
      expect(lines(quota.out)[0]).to.include({ quotaBytes: 5_000_000 })
      expect((await run('quota')).out).to.match(/^1\.89 MB of 5 MB\n$/)
      expect((await run('rm', 'small')).out)
        .to.contain('small')
        .and.contain('is removed.')
      expect(lines((await run('list', '--json')).out)[0]?.['models']).to.deep.equal([])
    })
  })

  it('packs into a folder that can be added', async () => {
    await withModels(async (run, folder) => {
      const out = join(folder, 'out')
      const packed = await run('pack', DUCKLING_SOURCE, out, '--q4', '--json')
      expect(lines(packed.out)[0]).to.include({ name: 'duckling-q4', folder: out })
      expect(await readdir(out)).to.include.members(['model.onnx', 'duckmesh.model.json'])
      const [added] = lines((await run('add', out, '--json')).out)
      expect(added).to.include({ cid: lines(packed.out)[0]?.['cid'], measured: false })
    })
  })

  it('measures a model that generates, and one that encodes', async () => {
    await withModels(async (run, folder) => {
      await run('add', DUCKLING_SOURCE)
      const [result] = lines((await run('bench', 'duckling', '--json', '--threads', '2')).out)
      expect(result).to.include({ name: 'duckling' })
      expect(result?.['device'])
        .to.include({ threads: 2 })
        .and.deep.include({ executionProviders: ['cpu'] })
      expect(result?.['loadMs']).to.be.above(0)
      const rates = result?.['tokensPerSecond'] as Record<string, number>
      expect(Object.keys(rates)).to.deep.equal(['1', '4', '8'])
      for (const rate of [...Object.values(rates), result?.['prefillTokensPerSecond']]) {
        expect(rate).to.be.above(0)
      }
      await writeTinyEncoder(join(folder, 'encoder'), 'embeddings')
      await run('add', join(folder, 'encoder'), '--name', 'encoder')
      const { out } = await run('bench', 'encoder')
      expect(out)
        .to.match(/runs on cpu: .*1 thread/)
        .and.match(/8 at once: [0-9.]+ tokens\/s/)
      expect(out).to.not.contain('prompts')
      // No machine has both, so one of them is always refused instead of being replaced.
      const device = process.platform === 'win32' ? 'coreml' : 'dml'
      const refused = await run('bench', 'encoder', '--device', device)
      expect(refused.err).to.match(/^DEVICE_UNAVAILABLE: .*onnxruntime does not have it/)
      expect([refused.exitCode, refused.out]).to.deep.equal([78, ''])
    })
  })

  it('tells what is wrong with a code, what to do and an exit code', async () => {
    await withModels(async (run, folder) => {
      const { cid } = await writeTinyModel(join(folder, 'm'), 'm', { 'a.bin': someBytes(100) })
      await run('add', join(folder, 'm'))
      const wrong: [string[], RegExp, number][] = [
        [['rm', 'nobody'], /^MODEL_NOT_STORED: .*there are: m\. .*models list/, 1],
        [['bench', cid], /^MODEL_/, 1],
        [['verify', 'm'], /^MODEL_/, 1],
        [['add', join(folder, 'nowhere')], /^MODEL_SOURCE_REFUSED: .*no folder/, 1],
        [['add', folder], /^MODEL_SOURCE_REFUSED: .*config\.json/, 1],
        [['quota', '10B'], /^Removed m|^STORE_QUOTA/, 0],
        [['pack', DUCKLING_SOURCE, folder], /^CONFIG_INVALID: .*choose a new folder/, 78],
        [['quota', 'lots'], /size such as 500MB/, 64],
        [['add', folder, '--task', 'dance'], /Allowed choices/, 64],
        [['add', folder, '--tolerance', '-1'], /positive number/, 64],
        [['bench', 'm', '--threads', '0'], /from 1 to 99/, 64],
        [['bench', 'm', '--device', 'gpu'], /Allowed choices are cpu, webgpu, cuda/, 64],
        [['rm'], /missing required argument/, 64],
      ]
      for (const [argv, words, code] of wrong) {
        const { err, exitCode } = await run(...argv)
        expect(err, argv.join(' ')).to.match(words)
        expect(exitCode ?? 0, argv.join(' ')).to.equal(code)
      }
    })
  })

  it('finds a damaged file and removes it', async () => {
    await withModels(async (run, folder) => {
      const [added] = lines((await run('add', DUCKLING_SOURCE, '--json')).out)
      const blobs = join(folder, 'store', 'blobs')
      const names = await readdir(blobs, { recursive: true, withFileTypes: true })
      const [one] = names.filter((entry) => entry.isFile() && entry.name.startsWith('d5f7e848'))
      const path = join(one!.parentPath, one!.name)
      await chmod(path, 0o600)
      await writeFile(path, 'edited')
      await writeFile(join(folder, 'store', 'manifests', 'x.json'), 'no manifest')
      const { err, exitCode, out } = await run('verify', '--json')
      expect(lines(out)).to.deep.equal([
        { removed: join(folder, 'store', 'manifests', 'x.json') },
        {
          modelId: added?.['modelId'],
          cid: added?.['cid'],
          name: 'duckling',
          result: 'MODEL_CORRUPT',
        },
      ])
      expect(lines(err)[0]?.['error']).to.include({ code: 'MODEL_CORRUPT' })
      expect(exitCode).to.equal(1)
      expect((await run('list')).out).to.match(/duckling .*there/)
      await run('add', DUCKLING_SOURCE)
      expect((await run('verify')).out).to.match(/: ok\n$/)
    })
  })

  it('works on the store of the node when none is named', () => {
    const json = false
    expect(storeFolder({ json, store: '/s' }, { DUCKMESH_DATA_DIR: '/d' })).to.equal('/s')
    expect(storeFolder({ json }, { DUCKMESH_DATA_DIR: '/d' })).to.equal(join('/d', 'models'))
    const both = { DUCKMESH_DATA_DIR: '/d', DUCKMESH_MODEL_STORE: '/m' }
    expect(storeFolder({ json }, both)).to.equal('/m')
    expect(storeFolder({ json }, {})).to.equal(join(homedir(), '.duckmesh', 'models'))
  })
})
