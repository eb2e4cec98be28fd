/** `duckmesh models add` and `pack`: from a folder into the store, or into a folder for the engine. */
import { addModel, packFolder } from '../models/index.ts'
import type { Described, DescribeOptions } from '../models/index.ts'
import { formatBytes } from './format-bytes.ts'
import { openStore } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { printJson, printLine } from './output.ts'

/** Rejects as `addModel`. */
export async function modelsAdd(
  folder: string,
  describe: DescribeOptions,
  options: ModelsOptions & { pin: boolean },
): Promise<void> {
  const store = await openStore(options)
  const described = await addModel(store, folder, describe)
  if (options.pin) await store.pin(described.loaded.modelId)
  tell(described, options, { pinned: options.pin })
}

/** Rejects as `packFolder`. */
export async function modelsPack(
  folder: string,
  target: string,
  describe: DescribeOptions,
  options: ModelsOptions,
): Promise<void> {
  tell(await packFolder(folder, target, describe), options, { folder: target })
}

function tell(
  { loaded, measured }: Described,
  { json }: ModelsOptions,
  more: Readonly<Record<string, unknown>>,
): void {
  const { cid, manifest, modelId } = loaded
  const { determinism, files, graph, license, name, task } = manifest
  const bytes = files.reduce((sum, { size }) => sum + size, 0)
  if (json) {
    printJson({ modelId, cid, name, bytes, task, graph, determinism, license, measured, ...more })
    return
  }
  printLine(`${name}  ${formatBytes(bytes)}  ${cid}`)
  const service = determinism === 'f32' ? 'verifiable' : 'opaque, without stakes'
  printLine(`  ${task}, graph ${graph}, ${service}, licence ${license}`)
  if (measured) printLine('  Its manifest and calibration vectors were made on this machine.')
}
