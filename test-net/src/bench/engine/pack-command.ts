/** `duckmesh models pack`, as its user calls it. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const NODE_SOURCE = import.meta.resolve('@duckmesh/node')
const DUCKMESH = fileURLToPath(new URL('../bin/duckmesh.js', NODE_SOURCE))

/** Packs a folder into another one. */
export async function packCommand(
  source: string,
  target: string,
  options: readonly string[],
): Promise<void> {
  const flags = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']
  const command = ['models', 'pack', source, target, ...options]
  await promisify(execFile)(process.execPath, [...flags, DUCKMESH, ...command])
}
