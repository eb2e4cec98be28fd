/** The own fetch protocol beside Helia's bitswap and plain HTTP: the same file, turn and turn about. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { round } from '../stats.ts'
import type { FetchTold } from './fetch-told.ts'
import { measureFaults } from './helia-faults.ts'
import type { FaultReport } from './helia-faults.ts'
import { installHelia } from './install-helia.ts'
import type { HeliaInstall } from './install-helia.ts'
import { SIDES } from './sides.ts'
import type { Side } from './sides.ts'
import { Stage } from './stage.ts'

/** What one side reached with one size, in its best turn unless told otherwise. */
export interface SideResult {
  mbPerS: number
  medianMbPerS: number
  /** Its speed over that of plain HTTP in the same round, the middle one of all rounds. */
  ratio: number
  /** CPU-seconds per GB of the file, from the first request on. */
  cpuPerGb: { fetcher: number; holders: number }
  /** Highest of all turns; of the holders the highest of any. */
  peakRssMiB: { fetcher: number; holder: number }
  /** Bytes that all holders sent, as a multiple of the file. */
  sent: number
  /** From the first request on; the start of the process comes before it. */
  firstByteMs: number
  startMs: number
}

export interface HeliaReport {
  install: Omit<HeliaInstall, 'folder'>
  rounds: number
  sizes: { bytes: number; sides: Record<Side['key'], SideResult> }[]
  /** With the last of the sizes. */
  faults: FaultReport
}

export interface HeliaBenchInit {
  root: string
  /** Sizes of the file in bytes, the smallest first. */
  sizes: readonly number[]
  rounds: number
  say: (text: string) => void
}

interface Turn {
  told: FetchTold
  holderCpuMs: number
  holderRssMiB: number
  sentBytes: number
}

/** Installs Helia first when it is not there. */
export async function benchHelia(init: HeliaBenchInit): Promise<HeliaReport> {
  const { folder: helia, ...install } = await installHelia(init.root, init.say)
  const folder = await mkdtemp(join(await parentOf(init.root), 'bench-helia-'))
  try {
    const sizes: HeliaReport['sizes'] = []
    for (const bytes of init.sizes) {
      const sides = await withStage(folder, bytes, helia, (stage) => compare(stage, init.rounds))
      sizes.push({ bytes, sides })
    }
    const last = init.sizes.at(-1) ?? 0
    const faults = await withStage(folder, last, helia, (stage) =>
      withStage(folder, last, helia, (liars) => measureFaults(stage, liars), 'liar'),
    )
    return { install, rounds: init.rounds, sizes, faults }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function parentOf(root: string): Promise<string> {
  const parent = join(root, '.duckmesh')
  await mkdir(parent, { recursive: true })
  return parent
}

async function withStage<T>(
  parent: string,
  bytes: number,
  helia: string,
  work: (stage: Stage) => Promise<T>,
  last: 'honest' | 'liar' = 'honest',
): Promise<T> {
  const folder = await mkdtemp(join(parent, 'stage-'))
  const stage = await Stage.start({ folder, bytes, helia, last })
  try {
    return await work(stage)
  } finally {
    await stage.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(stage: Stage, rounds: number): Promise<Record<Side['key'], SideResult>> {
  const turns = new Map<Side, Turn[]>(SIDES.map((side) => [side, []]))
  // The first round has the holders hash their pieces and fills the page cache.
  for (let n = -1; n < rounds; n++) {
    for (const [side, done] of turns) {
      const turn = await takeTurn(stage, side)
      if (n >= 0) done.push(turn)
    }
  }
  const http = [...turns].flatMap(([{ key }, all]) => (key === 'http' ? all : []))
  const results = [...turns].map(([side, all]) => [side.key, resultOf(stage.bytes, all, http)])
  return Object.fromEntries(results) as Record<Side['key'], SideResult>
}

async function takeTurn(stage: Stage, side: Side): Promise<Turn> {
  const before = await stage.usage(side)
  const told = await stage.fetch(side)
  const after = await stage.usage(side)
  await stage.clear()
  const spent = (of: 'cpuMs' | 'sentBytes'): number =>
    after.reduce((sum, usage, i) => sum + (usage?.[of] ?? 0) - (before[i]?.[of] ?? 0), 0)
  const holderRssMiB = Math.max(...after.map((usage) => usage?.peakRssMiB ?? 0))
  return { told, holderCpuMs: spent('cpuMs'), holderRssMiB, sentBytes: spent('sentBytes') }
}

/** `http` are the turns of plain HTTP, round by round as `turns` are. */
function resultOf(bytes: number, turns: readonly Turn[], http: readonly Turn[]): SideResult {
  const sorted = [...turns].sort((a, b) => a.told.ms - b.told.ms)
  const [best] = sorted
  const median = sorted[Math.floor(sorted.length / 2)]
  if (best === undefined || median === undefined) throw new Error('There was no turn.')
  const ratios = turns.map(({ told }, i) => (http[i]?.told.ms ?? 0) / told.ms)
  ratios.sort((a, b) => a - b)
  const rate = ({ told }: Turn): number => round(bytes / 1e6 / (told.ms / 1_000))
  const perGb = (cpuMs: number): number => round(cpuMs / 1_000 / (bytes / 1e9))
  const most = (of: (turn: Turn) => number): number => Math.round(Math.max(...turns.map(of)))
  return {
    mbPerS: rate(best),
    medianMbPerS: rate(median),
    ratio: round(ratios[Math.floor(ratios.length / 2)] ?? 0),
    cpuPerGb: { fetcher: perGb(best.told.cpuMs), holders: perGb(best.holderCpuMs) },
    peakRssMiB: {
      fetcher: most(({ told }) => told.peakRssMiB),
      holder: most(({ holderRssMiB }) => holderRssMiB),
    },
    sent: round(best.sentBytes / bytes),
    firstByteMs: Math.round(best.told.firstByteMs),
    startMs: Math.round(best.told.startMs),
  }
}
