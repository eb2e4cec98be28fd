/** `duckmesh models list`, `rm`, `pin`, `unpin` and `quota`: what is in the store. */
import type { StoredModel } from '../models/index.ts'
import { formatBytes } from './format-bytes.ts'
import { openStore, storeFolder } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { printJson, printLine } from './output.ts'

export async function modelsList(options: ModelsOptions): Promise<void> {
  const store = await openStore(options)
  const [models, unfinished, usage] = [
    await store.list(),
    await store.unfinished(),
    await store.usage(),
  ]
  const folder = storeFolder(options)
  if (options.json) {
    printJson({ models, unfinished, usage, store: folder })
    return
  }
  const lines = [
    ...models.map((model) => rowOf(model, lastUse(model))),
    ...unfinished.map((model) => rowOf(model, `${formatBytes(model.have)} there`)),
  ]
  for (const line of lines) printLine(line)
  const { bytes, quotaBytes } = usage
  printLine(`${formatBytes(bytes)} of ${formatBytes(quotaBytes)} in ${folder}`)
}

/** Rejects with MODEL_NOT_STORED, MODEL_IN_USE. */
export async function modelsRemove(name: string, options: ModelsOptions): Promise<void> {
  const store = await openStore(options)
  const model = await store.find(name)
  await store.remove(model.modelId)
  tell(model, 'removed', options)
}

/** Rejects with MODEL_NOT_STORED. */
export async function modelsPin(
  name: string,
  pinned: boolean,
  options: ModelsOptions,
): Promise<void> {
  const store = await openStore(options)
  const model = await store.find(name)
  await (pinned ? store.pin(model.modelId) : store.unpin(model.modelId))
  tell({ ...model, pinned }, pinned ? 'pinned' : 'unpinned', options)
}

/** Sets the quota when one is given, then tells it. Rejects with STORE_QUOTA. */
export async function modelsQuota(
  quotaBytes: number | undefined,
  options: ModelsOptions,
): Promise<void> {
  const store = await openStore(options)
  if (quotaBytes !== undefined) await store.setQuota(quotaBytes)
  const usage = await store.usage()
  if (options.json) printJson(usage)
  else printLine(`${formatBytes(usage.bytes)} of ${formatBytes(usage.quotaBytes)}`)
}

function tell(model: StoredModel, done: string, { json }: ModelsOptions): void {
  if (json) printJson({ ...model, done })
  else printLine(`${model.name} (${model.cid}) is ${done}.`)
}

function rowOf({ bytes, cid, name, pinned }: StoredModel, state: string): string {
  const columns = [name.padEnd(20), formatBytes(bytes).padStart(8), state.padEnd(16)]
  return `${columns.join('  ')}  ${pinned ? 'pinned' : '      '}  ${cid}`
}

function lastUse({ usedAtMs }: StoredModel): string {
  return new Date(usedAtMs).toISOString().slice(0, 16).replace('T', ' ')
}
