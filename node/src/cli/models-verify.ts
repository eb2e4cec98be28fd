/** `duckmesh models verify`: are the files what they were, and does this machine compute what it should? */
import { toDuckMeshError } from '@duckmesh/protocols'
import { selfTestModel } from '../models/index.ts'
import type { ModelStore, StoredModel } from '../models/index.ts'
import { openStore } from './models-store.ts'
import type { ModelsOptions } from './models-store.ts'
import { printJson, printLine } from './output.ts'

/**
 * One model, or all. Each is told about; then rejects with what was wrong first: MODEL_CORRUPT,
 * MODEL_SELF_TEST_FAILED, MODEL_UNSUPPORTED, MODEL_NOT_STORED.
 */
export async function modelsVerify(
  name: string | undefined,
  options: ModelsOptions,
): Promise<void> {
  const store = await openStore(options)
  const models = name === undefined ? await all(store, options) : [await store.find(name)]
  const failures: unknown[] = []
  for (const model of models) {
    const failure = await verify(store, model)
    if (failure !== undefined) failures.push(failure)
    tell(model, failure, options)
  }
  if (failures.length > 0) throw failures[0]
}

/** Manifests that are none any more are removed here: nothing else knows what to do with them. */
async function all(store: ModelStore, { json }: ModelsOptions): Promise<StoredModel[]> {
  for (const path of await store.repair()) {
    if (json) printJson({ removed: path })
    else printLine(`${path} was damaged and is removed.`)
  }
  return [...(await store.list()), ...(await store.unfinished())]
}

async function verify(store: ModelStore, { modelId }: StoredModel): Promise<unknown> {
  try {
    await store.verify(modelId)
    await selfTestModel(store, modelId)
    return undefined
  } catch (error) {
    return error
  }
}

function tell(
  { cid, modelId, name }: StoredModel,
  failure: unknown,
  { json }: ModelsOptions,
): void {
  const code = failure === undefined ? 'ok' : toDuckMeshError(failure).code
  if (json) printJson({ modelId, cid, name, result: code })
  else printLine(`${name} (${cid}): ${code}`)
}
