/** Run as a process of its own: takes a lock, says so, and stays. */
import { writeSync } from 'node:fs'
import { KeyLock } from '../../src/storage/key-lock.ts'

const lock = KeyLock.take(process.argv[2] ?? '', 0)
writeSync(1, 'held\n')
process.stdin.resume().on('end', () => {
  lock.release()
})
