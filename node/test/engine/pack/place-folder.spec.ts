import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect } from 'chai'
import { placeFolder } from '../../../src/engine/pack/place-folder.ts'
import { withTempDir } from '../../temp-dir.ts'

const contentOf = (folder: string): Promise<string> => readFile(path.join(folder, 'name'), 'utf8')

async function finished(parent: string, name: string): Promise<string> {
  const folder = path.join(parent, `${name}.tmp`)
  await mkdir(folder)
  await writeFile(path.join(folder, 'name'), name)
  return folder
}

describe('placeFolder', () => {
  it('takes the name when it is free, empty, or has something wrong', async () => {
    await withTempDir(async (parent) => {
      const target = path.join(parent, 'target')
      const none = (): Promise<boolean> => Promise.resolve(false)
      const before = [
        () => Promise.resolve(),
        () => writeFile(target, 'a file'),
        () => finished(parent, 'old').then((old) => placeFolder(old, target, none)),
      ]
      for (const prepare of before) {
        await prepare()
        expect(await placeFolder(await finished(parent, 'new'), target, none)).to.equal(true)
        expect(await contentOf(target)).to.equal('new')
        expect(await readdir(parent)).to.deep.equal(['target'])
        await rm(target, { recursive: true })
      }
    })
  })

  it('leaves what is right', async () => {
    await withTempDir(async (parent) => {
      const target = path.join(parent, 'target')
      const right = async (folder: string): Promise<boolean> =>
        (await contentOf(folder)) === 'right'
      await placeFolder(await finished(parent, 'right'), target, right)
      const late = await finished(parent, 'late')
      expect(await placeFolder(late, target, right)).to.equal(false)
      expect(await contentOf(target)).to.equal('right')
      expect(await contentOf(late)).to.equal('late')
    })
  })

  it('ends with one of many that come at once', async () => {
    await withTempDir(async (parent) => {
      const target = path.join(parent, 'target')
      const names = Array.from({ length: 12 }, (_, i) => `${i}`)
      const folders = await Promise.all(names.map((name) => finished(parent, name)))
      const never = (): Promise<boolean> => Promise.resolve(false)
      const placed = await Promise.all(folders.map((folder) => placeFolder(folder, target, never)))
      expect(placed).to.not.include(false)
      expect(names).to.include(await contentOf(target))
      expect(await readdir(parent)).to.deep.equal(['target'])
    })
  })

  it('rejects when there is nothing to place', async () => {
    await withTempDir(async (parent) => {
      let code: unknown = null
      try {
        await placeFolder(path.join(parent, 'a'), path.join(parent, 'b'), () =>
          Promise.resolve(true),
        )
      } catch (error) {
        code = (error as NodeJS.ErrnoException).code
      }
      expect(code).to.equal('ENOENT')
    })
  })
})
