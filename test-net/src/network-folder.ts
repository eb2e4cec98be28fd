/** Folders of local networks under `.duckmesh`: one for each network, and one for what they share. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { NETWORKS_FOLDER } from '@duckmesh/node'

/** The process id of the launcher is in the name, so that what a killed one left is known. */
const NAME = /^devnet-([0-9]+)-/

/** Packed models, shared by all networks of a project. */
export function modelsFolder(root: string): string {
  return join(root, NETWORKS_FOLDER, 'models')
}

/** Compiled sources of child processes, shared too. */
export function compileCacheFolder(root: string): string {
  return join(root, NETWORKS_FOLDER, 'compile-cache')
}

export async function makeNetworkFolder(root: string): Promise<string> {
  const parent = join(root, NETWORKS_FOLDER)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return mkdtemp(join(parent, `devnet-${process.pid}-`))
}

/** Removes what launchers left that had no time to clean up: their chains are gone, so nothing there has a value. */
export async function removeDeadNetworks(root: string): Promise<void> {
  const parent = join(root, NETWORKS_FOLDER)
  for (const name of await readdir(parent).catch(() => [])) {
    const pid = NAME.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    await rm(join(parent, name), { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
