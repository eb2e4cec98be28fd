/** Installs Helia into a folder of its own, on demand: it is compared with, never depended on. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { round } from '../stats.ts'

/** An installation takes a minute on two cores. */
const TIMEOUT_MS = 600_000

const FILES = ['package.json', 'package-lock.json', '.npmrc']

export interface HeliaInstall {
  folder: string
  version: string
  packages: number
  /** Packages that are there only because another one names them as peer dependencies. */
  peerPackages: number
  /** MB of 10⁶ bytes, as the files are long. */
  megabytes: number
}

/** The folder with Helia, made when it is not there; `say` gets a sentence before that takes long. */
export async function installHelia(
  root: string,
  say: (text: string) => void,
): Promise<HeliaInstall> {
  const from = fileURLToPath(new URL('./package', import.meta.url))
  const lock = await readFile(join(from, 'package-lock.json'))
  const name = `helia-${createHash('sha256').update(lock).digest('hex').slice(0, 12)}`
  const folder = join(root, '.duckmesh', name)
  const isThere = await stat(folder).catch(() => undefined)
  if (isThere === undefined) {
    say(`Installing Helia into .duckmesh/${name}, without install scripts; this takes a minute.`)
    await install(from, folder)
  }
  return { folder, ...describe(lock), megabytes: round((await bytesIn(folder)) / 1e6) }
}

/** Whole or not at all: an interrupted installation leaves only its temporary folder. */
async function install(from: string, folder: string): Promise<void> {
  const making = `${folder}.new`
  await rm(making, { recursive: true, force: true })
  await mkdir(making, { recursive: true })
  for (const file of FILES) await copyFile(join(from, file), join(making, file))
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = { cwd: making, timeout: TIMEOUT_MS }
  await promisify(execFile)(npm, ['ci', '--ignore-scripts'], options)
  await rename(making, folder)
}

function describe(lock: Buffer): Omit<HeliaInstall, 'folder' | 'megabytes'> {
  const { packages } = JSON.parse(lock.toString()) as {
    packages: Record<string, { version?: string; peer?: boolean }>
  }
  const entries = Object.entries(packages).filter(([path]) => path !== '')
  return {
    version: packages['node_modules/helia']?.version ?? '',
    packages: entries.length,
    peerPackages: entries.filter(([, { peer }]) => peer === true).length,
  }
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  let sum = 0
  for (const entry of entries) {
    if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size
  }
  return sum
}
