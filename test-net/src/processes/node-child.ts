import { compileCacheFolder } from '../network-folder.ts'
import type { ChildInit } from './interface.ts'

/** Node flags of every child: sources run as they are. */
const NODE_FLAGS = ['--conditions=@duckmesh/source', '--disable-warning=ExperimentalWarning']

/** How to run a program of ours with this Node. Sources compiled once are kept: that halves the start. */
export function nodeChild(
  root: string,
  args: readonly string[],
): Pick<ChildInit, 'command' | 'args' | 'env'> {
  // Compiled code would make coverage less exact (documentation of Node's compile cache).
  const measured = process.env['NODE_V8_COVERAGE'] !== undefined
  const NODE_COMPILE_CACHE = process.env['NODE_COMPILE_CACHE'] ?? compileCacheFolder(root)
  const env: Record<string, string> = measured ? {} : { NODE_COMPILE_CACHE }
  return { command: process.execPath, args: [...NODE_FLAGS, ...args], env }
}
