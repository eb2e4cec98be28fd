import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'
import { LOCK_WAIT_MS } from '../../src/models/constants.ts'
import { FileLock } from '../../src/models/file-lock.ts'
import { ManualClock } from '../manual-clock.ts'
import { refusal, rejection } from '../reject.ts'
import { withTempDir } from '../temp-dir.ts'

describe('FileLock', () => {
  it('is shared by many or held by one', async () => {
    await withTempDir((folder) => {
      const path = join(folder, 'lock')
      expect(FileLock.isFree(path)).to.equal(true)
      const [one, two] = [FileLock.tryTake(path, 'shared'), FileLock.tryTake(path, 'shared')]
      expect(FileLock.tryTake(path, 'exclusive')).to.equal(undefined)
      one?.release()
      one?.release()
      expect(FileLock.isFree(path)).to.equal(false)
      two?.release()
      const alone = FileLock.tryTake(path, 'exclusive')
      expect(FileLock.tryTake(path, 'shared')).to.equal(undefined)
      alone?.release()
      expect(FileLock.isFree(path)).to.equal(true)
      return Promise.resolve()
    })
  })

  it('waits until it is free', async () => {
    await withTempDir(async (folder) => {
      const [path, clock] = [join(folder, 'lock'), new ManualClock()]
      const first = await FileLock.take(path, 'exclusive', clock)
      const second = FileLock.take(path, 'exclusive', clock)
      await clock.timerSet()
      first.release()
      clock.advance(100)
      ;(await second).release()
    })
  })

  it('gives up when it stays taken', async () => {
    await withTempDir(async (folder) => {
      const [path, clock] = [join(folder, 'lock'), new ManualClock()]
      const first = await FileLock.take(path, 'exclusive', clock)
      const second = rejection(FileLock.take(path, 'exclusive', clock))
      await clock.timerSet()
      clock.advance(LOCK_WAIT_MS)
      expect((await second).code).to.equal('STORE_LOCKED')
      first.release()
    })
  })

  it('says that a file cannot be a lock', async () => {
    await withTempDir(async (folder) => {
      await mkdir(join(folder, 'lock'))
      const error = refusal(() => FileLock.tryTake(join(folder, 'lock'), 'shared'))
      expect(error.code).to.equal('STORE_CORRUPT')
    })
  })
})
