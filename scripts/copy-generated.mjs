/**
 * Completes `tsc -b` for publishing: copies the generated protobuf code, which tsc does not emit, into proto/dist.
 *
 *   node scripts/copy-generated.mjs
 */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './lib/process.mjs'

cpSync(join(root, 'proto/src/generated'), join(root, 'proto/dist/generated'), { recursive: true })
