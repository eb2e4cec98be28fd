/** Memory that does not come back. */
import { round } from '../stats.ts'
import { streamRequest } from './bench-requests.ts'
import { openModel, readAnswer } from './engine-sides.ts'
import type { BenchModel } from './engine-sides.ts'

const MIB = 1024 * 1024

/** Jobs that run at a time. */
const STREAMS = 8

/** Growth of the resident set over a number of short jobs, after a tenth of them for warming up, MiB. */
export async function growthOverJobs(model: BenchModel, jobs: number): Promise<number> {
  await runJobs(model, Math.ceil(jobs / 10), 'warm')
  const before = residentMiB()
  await runJobs(model, jobs, 'measured')
  return round(residentMiB() - before)
}

/** Growth over loading and unloading a model in a worker, after some for warming up, MiB. */
export async function growthOverLoads(folder: string, loads: number): Promise<number> {
  await loadAndUnload(folder, Math.ceil(loads / 5))
  const before = residentMiB()
  await loadAndUnload(folder, loads)
  return round(residentMiB() - before)
}

async function runJobs(model: BenchModel, jobs: number, name: string): Promise<void> {
  for (let done = 0; done < jobs; done += STREAMS) {
    const batch = Array.from({ length: STREAMS }, (_, i) =>
      readAnswer(model, streamRequest(i, { maxTokens: 8, client: `${name} ${done % 100}` })),
    )
    await Promise.all(batch)
  }
}

async function loadAndUnload(folder: string, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    const { engine } = await openModel(folder, 'worker')
    await engine.stop()
  }
}

function residentMiB(): number {
  return process.memoryUsage.rss() / MIB
}
