/** Starts a local chain of its own on a free port. */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { DuckMeshError } from '@duckmesh/protocols'
import type { Child } from '../processes/child.ts'
import type { ChildGroup } from '../processes/child-group.ts'

/** From spawn to the first block, ms; measured 0.3 s, a loaded machine is slower. */
const START_TIMEOUT_MS = 20_000

export interface LocalChain {
  rpcUrl: string
  chainId: number
  /** The process that keeps anvil. */
  child: Child
  /** Process id of anvil itself. */
  pid: number
}

/** Accounts with ether for gas: the launcher's, two for each provider, and its gateway's. */
const ACCOUNTS = 64

/**
 * The chain's clock starts `agoS` seconds in the past, so that stake made now is old enough to have a weight once
 * the clock is set right (SCHEMAS "Durations"). Rejects with ANVIL_MISSING or CHILD_FAILED.
 */
export async function startAnvil(
  group: ChildGroup,
  agoS: number,
  onLog: (line: string) => void = () => undefined,
): Promise<LocalChain> {
  // A chain id of its own, so that two local networks never mix (docs/spec/mesh.md).
  const chainId = 31_337_000 + Math.floor(Math.random() * 1_000_000)
  const network = ['--host', '127.0.0.1', '--port', '0', '--chain-id', `${chainId}`]
  const genesis = [
    '--accounts',
    `${ACCOUNTS}`,
    '--timestamp',
    `${Math.floor(Date.now() / 1_000) - agoS}`,
  ]
  // Receipts come in about 20 ms and the clock runs when nothing is sent.
  const mining = ['--block-time', '1', '--mixed-mining']
  const keeper = fileURLToPath(new URL('../processes/keeper.ts', import.meta.url))
  const args = [keeper, findAnvil(), ...network, ...genesis, ...mining]
  const child = group.spawn({ name: 'anvil', command: process.execPath, args, onLog })
  const ready = await child.event('ready', START_TIMEOUT_MS)
  const pid = Number(ready['pid'])
  // The keeper ends anvil and then itself; when the keeper is killed, nobody else would.
  void child.exited.then(() => {
    endProcess(pid)
  })
  return { rpcUrl: `http://127.0.0.1:${Number(ready['port'])}`, chainId, child, pid }
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already, as it should be.
  }
}

/** The native binary: the installed npm package, else `anvil` from the PATH. Throws ANVIL_MISSING. */
export function findAnvil(env: NodeJS.ProcessEnv = process.env): string {
  const override = env['DUCKMESH_ANVIL']
  const candidates = override === undefined ? [packaged(), ...onPath(env)] : [override]
  const found = candidates.find((path) => path !== null && existsSync(path))
  if (found !== undefined && found !== null) return found
  throw new DuckMeshError('ANVIL_MISSING', 'No anvil was found, so there is no local chain.')
}

function packaged(): string | null {
  try {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve('@foundry-rs/anvil-linux-amd64/package.json')
    return join(manifest, '..', 'bin', 'anvil')
  } catch {
    return null
  }
}

function onPath(env: NodeJS.ProcessEnv): string[] {
  return (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'anvil'))
}
