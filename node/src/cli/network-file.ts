/** The file in which a local network tells clients on this machine where it is and which key they may use. */
import { readFile, readdir, rename, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DuckMeshError } from '@duckmesh/protocols'
import type { NetworkConfig } from '@duckmesh/sdk'
import type { Hex } from 'viem'
import { z } from 'zod'

/** Folder under a project in which local networks keep their data. */
export const NETWORKS_FOLDER = '.duckmesh'
const FILE_NAME = 'network.json'

const hex = z.custom<Hex>(
  (value) => typeof value === 'string' && /^0x[0-9a-fA-F]+$/.test(value),
  'expected hex',
)

const networkFile = z.strictObject({
  network: z.strictObject({
    chainId: z.int().min(1),
    rpcUrl: z.url(),
    registry: hex,
    market: hex,
    token: hex,
    seeds: z.array(z.string()),
    local: z.boolean(),
  }),
  /** Account for commands on this machine; only local networks have one. */
  account: z.strictObject({ privateKey: hex, dataDir: z.string() }),
  /** HTTP gateways of its peers. */
  gateways: z.array(z.string()).default([]),
  /** The launcher; when it is gone the network is too. */
  pid: z.int(),
})

export interface NetworkFile {
  network: NetworkConfig
  account: { privateKey: Hex; dataDir: string }
  gateways: string[]
  pid: number
}

/** Writes the file of a network into its folder; readers see it whole or not at all. */
export async function writeNetworkFile(folder: string, content: NetworkFile): Promise<string> {
  const path = join(folder, FILE_NAME)
  await writeFile(`${path}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 })
  await rename(`${path}.new`, path)
  return path
}

/** Reads a network file. Rejects with CONFIG_INVALID. */
export async function readNetworkFile(path: string): Promise<NetworkFile> {
  const details = { file: path }
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new DuckMeshError('CONFIG_INVALID', `${path} cannot be read.`, { cause, details })
  })
  try {
    return networkFile.parse(JSON.parse(text))
  } catch {
    // Without the cause: it may quote the key that stands in the file.
    throw new DuckMeshError('CONFIG_INVALID', `${path} is not a network file.`, { details })
  }
}

/**
 * The running local network of this project: the newest in `.duckmesh` of the folder or one above it.
 * Rejects with NO_PEERS when none runs.
 */
export async function findNetworkFile(from: string): Promise<NetworkFile> {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const found = await newestIn(join(folder, NETWORKS_FOLDER))
    if (found !== undefined) return found
    if (folder === dirname(folder)) break
  }
  throw new DuckMeshError(
    'NO_PEERS',
    'No local network runs here; start one with `npm start`, or give --network FILE.',
  )
}

async function newestIn(folder: string): Promise<NetworkFile | undefined> {
  const names = await readdir(folder).catch(() => [])
  const found: { file: NetworkFile; at: number }[] = []
  for (const name of names) {
    const path = join(folder, name, FILE_NAME)
    const info = await stat(path).catch(() => undefined)
    const file = info === undefined ? undefined : await readNetworkFile(path).catch(() => undefined)
    if (file !== undefined && info !== undefined && isAlive(file.pid))
      found.push({ file, at: info.mtimeMs })
  }
  return found.sort((a, b) => b.at - a.at)[0]?.file
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // A process of another user is alive too; we only may not signal it.
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
