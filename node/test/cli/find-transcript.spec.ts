import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { openNodeStore } from '../../src/storage/index.ts'
import { findTranscript, nearestNetworks } from '../../src/cli/find-transcript.ts'
import { rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'
import { gatewayFolder, keep, transcript } from './transcripts.ts'

const id = (byte: string): `0x${string}` => `0x${byte.repeat(32)}`

describe('findTranscript', () => {
  it('finds the newest of all stores below, that of a gateway inside a peer included', async () => {
    await withTempDir(async (networks) => {
      const [old, young] = [transcript({ endedMs: 1 }), transcript({ jobId: id('cd'), endedMs: 2 })]
      await keep(join(networks, 'devnet-1-x', 'chat'), old)
      await keep(gatewayFolder(networks), young)
      expect(await findTranscript(networks, '')).to.deep.equal(young)
      expect(await findTranscript(networks, old.jobId)).to.deep.equal(old)
    })
  })

  it('takes the beginning of an id, in any case, and of several jobs the newest', async () => {
    await withTempDir(async (folder) => {
      const one = transcript({ jobId: `0xab1${'0'.repeat(61)}`, endedMs: 1 })
      const two = transcript({ jobId: `0xab2${'0'.repeat(61)}`, endedMs: 2 })
      await keep(folder, two, one)
      expect((await findTranscript(folder, '0xAB1')).jobId).to.equal(one.jobId)
      expect((await findTranscript(folder, '0xab')).jobId).to.equal(two.jobId)
      expect((await findTranscript(folder, '0x')).jobId).to.equal(two.jobId)
    })
  })

  it('reads the store while the program that writes it goes on', async () => {
    await withTempDir(async (folder) => {
      await keep(folder, transcript())
      const store = await openNodeStore(join(folder, 'client.sqlite'))
      try {
        expect((await findTranscript(folder, '')).jobId).to.equal(transcript().jobId)
      } finally {
        await store.close()
      }
    })
  })

  it('says that there is none: of this id, of any, and where there is no folder', async () => {
    await withTempDir(async (folder) => {
      await keep(folder, transcript())
      const unknown = await rejection(findTranscript(folder, '0xff'))
      expect(unknown.code).to.equal('JOB_UNKNOWN')
      expect(unknown.message).to.contain('0xff').and.contain(folder)
      const none = await rejection(findTranscript(join(folder, 'nowhere'), ''))
      expect(none.code).to.equal('JOB_UNKNOWN')
      expect(none.message).to.contain('any job')
    })
  })

  it('passes over files that are no store', async () => {
    await withTempDir(async (folder) => {
      await mkdir(join(folder, 'other', 'client.sqlite'), { recursive: true })
      await mkdir(join(folder, 'broken'))
      await writeFile(join(folder, 'broken', 'client.sqlite'), 'no database')
      await keep(join(folder, 'good'), transcript())
      expect((await findTranscript(folder, '')).jobId).to.equal(transcript().jobId)
    })
  })

  for (const text of ['ab', '0xg', '0x ', 'latest', `0x${'0'.repeat(65)}`, "0x' OR 1=1 --"]) {
    it(`refuses ${text}: it is no part of a job id`, async () => {
      expect((await rejection(findTranscript('.', text))).code).to.equal('CONFIG_INVALID')
    })
  }
})

describe('nearestNetworks', () => {
  it('looks here and in the folders above', async () => {
    await withTempDir(async (folder) => {
      const deep = join(folder, 'a', 'b')
      await mkdir(deep, { recursive: true })
      await mkdir(join(folder, '.duckmesh'))
      expect(await nearestNetworks(deep)).to.equal(join(folder, '.duckmesh'))
      await mkdir(join(deep, '.duckmesh'))
      expect(await nearestNetworks(deep)).to.equal(join(deep, '.duckmesh'))
    })
  })

  it('names the folder here when there is none anywhere', async () => {
    await withTempDir(async (folder) => {
      expect(await nearestNetworks(folder)).to.equal(join(folder, '.duckmesh'))
    })
  })
})
