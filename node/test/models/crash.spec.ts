import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { ModelStore } from '../../src/models/index.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { sha256, someBytes, writeTinyModel } from './tiny-model.ts'

const CHILD = new URL('./store-child.ts', import.meta.url).pathname

interface Started {
  child: ChildProcess
  lines: AsyncIterator<string, undefined>
}

function start(work: string, root: string, source = ''): Started {
  const args = [...process.execArgv, CHILD, work, root, source]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

/** Reads lines until one more would be too many, kills the child without warning, gives the last line. */
async function killAfter({ child, lines }: Started, count: number): Promise<string> {
  let last = ''
  for (let i = 0; i < count; i++) {
    const { done, value } = await lines.next()
    if (done === true) break
    last = value
  }
  const ended = child.exitCode === null ? once(child, 'exit') : Promise.resolve()
  child.kill('SIGKILL')
  await ended
  expect(child.signalCode).to.equal('SIGKILL')
  return last
}

async function leftovers(root: string): Promise<string[]> {
  const folders = ['blobs', 'manifests', 'partial', 'pins', 'views']
  const all = await Promise.all(
    folders.map((name) => readdir(join(root, name), { recursive: true, withFileTypes: true })),
  )
  return all.flat().flatMap((entry) => (entry.isFile() ? [entry.name] : []))
}

describe('model store after kill -9', function () {
  this.timeout(60_000)

  it('goes on with a file where the killed writer ended', async () => {
    await withTempDir(async (folder) => {
      const [root, source] = [join(folder, 'store'), join(folder, 'source')]
      const bytes = someBytes(50_000)
      await writeTinyModel(source, 'm', { 'a.bin': bytes })
      const have = Number(await killAfter(start('append', root, source), 7))
      expect(have).to.equal(7000)
      const store = await ModelStore.at(root)
      expect(await store.list()).to.deep.equal([])
      expect(await store.unfinished()).to.have.length(1)
      const blob = await store.partial(sha256(bytes), bytes.length)
      expect(blob.have).to.be.at.least(have)
      await blob.append(bytes.subarray(blob.have))
      await blob.finish()
      const [model] = await store.list()
      await store.verify(model!.modelId)
    })
  })

  // Each line is another point of an add, an opening and a removal at which the next of them has begun.
  for (const lines of [1, 2, 3, 5]) {
    it(`has the model whole or not at all (${lines} lines)`, async () => {
      await withTempDir(async (folder) => {
        const [root, source] = [join(folder, 'store'), join(folder, 'source')]
        const files = { 'a.bin': someBytes(3_000_000), 'b/b.bin': someBytes(2_000_000) }
        const { modelId } = await writeTinyModel(source, 'm', files)
        await killAfter(start('churn', root, source), lines)
        const store = await ModelStore.at(root)
        for (const each of await store.list()) await store.verify(each.modelId)
        await store.add(source)
        await store.verify(modelId)
        ;(await store.open(modelId)).release()
        await store.remove(modelId)
        expect(await leftovers(root)).to.deep.equal([])
        expect(await store.unfinished()).to.deep.equal([])
      })
    })
  }
})

describe('model store of two processes', function () {
  this.timeout(60_000)

  it('keeps what the other one has open, and lets it go when that one is gone', async () => {
    await withTempDir(async (folder) => {
      const [root, source] = [join(folder, 'store'), join(folder, 'source')]
      await writeTinyModel(source, 'm', { 'a.bin': someBytes(100) })
      const store = await ModelStore.at(root)
      const { modelId } = await store.add(source)
      const other = start('hold', root)
      expect((await other.lines.next()).value).to.equal('open')
      expect((await rejection(store.remove(modelId))).code).to.equal('MODEL_IN_USE')
      await store.setQuota(150)
      await writeTinyModel(join(folder, 'next'), 'next', { 'a.bin': someBytes(100) })
      expect((await rejection(store.add(join(folder, 'next')))).code).to.equal('STORE_QUOTA')
      await killAfter(other, 0)
      await store.add(join(folder, 'next'))
      expect((await store.list()).map(({ name }) => name)).to.deep.equal(['next'])
    })
  })

  it('changes the store in turns', async () => {
    await withTempDir(async (folder) => {
      const [root, source] = [join(folder, 'store'), join(folder, 'source')]
      await writeTinyModel(source, 'm', { 'a.bin': someBytes(1000) })
      const other = start('churn', root, source)
      await other.lines.next()
      const store = await ModelStore.at(root)
      for (let i = 0; i < 5; i++) {
        const own = join(folder, `${i}`)
        const { modelId } = await writeTinyModel(own, `own-${i}`, { 'b.bin': someBytes(1000) })
        await store.add(own)
        await store.verify(modelId)
        if (i % 2 === 0) await store.remove(modelId)
      }
      await killAfter(other, 0)
      const names = (await store.list()).map(({ name }) => name)
      expect(names.filter((name) => name !== 'm')).to.deep.equal(['own-1', 'own-3'])
    })
  })
})
