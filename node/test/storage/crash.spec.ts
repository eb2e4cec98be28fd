import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { openNodeStore } from '../../src/storage/open-node-store.ts'
import { withTempDir } from '../temp-dir.ts'
import { PAYER, PROVIDER, newSegment } from './rows.ts'

const CHILD = new URL('./crash-child.ts', import.meta.url).pathname

/** Starts the writer, kills it without warning after `acks` lines, and gives the last row it was told is safe. */
async function killAfter(path: string, level: string, acks: number): Promise<number> {
  const args = [...process.execArgv, CHILD, path, level]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let last = -1
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (last === acks) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  expect(child.signalCode).to.equal('SIGKILL')
  return last
}

describe('store after kill -9', () => {
  for (const level of ['durable', 'grouped'] as const) {
    it(`has every row that was acknowledged (${level})`, async () => {
      await withTempDir(async (folder) => {
        const path = join(folder, 'provider.sqlite')
        const last = await killAfter(path, level, 12)
        expect(last).to.be.at.least(12)
        const store = await openNodeStore(path)
        for (let segment = 0; segment <= last; segment++) {
          const row = await store.jobs.getSegment({ jobId: newSegment().jobId, segment })
          expect(row, `row ${segment.toString()}`).to.not.equal(undefined)
        }
        const channel = await store.ledger.loadChannel({ payer: PAYER, provider: PROVIDER })
        expect(Number(channel?.paid)).to.be.at.least(last)
        await store.close()
      })
    })
  }
})
