/** Run as a process of its own: writes one row after another and prints each one that was acknowledged. */
import { writeSync } from 'node:fs'
import { openNodeStore } from '../../src/storage/open-node-store.ts'
import { channelRow, newSegment } from './rows.ts'

const [path = '', level = 'durable'] = process.argv.slice(2)
const durability = level === 'grouped' ? 'grouped' : 'durable'
const { jobs, ledger } = await openNodeStore(path)
for (let segment = 0; ; segment++) {
  await Promise.all([
    jobs.insertSegment(newSegment({ segment }), durability),
    ledger.saveChannel(channelRow({ paid: BigInt(segment) }), durability),
  ])
  writeSync(1, `${segment.toString()}\n`)
}
