/** Where the model store of a node lies. */
import { join } from 'node:path'

/** Beside the node's other data unless it was put elsewhere. */
export function storeFolderOf(places: {
  modelStore?: string | undefined
  dataDir: string
}): string {
  return places.modelStore ?? join(places.dataDir, 'models')
}
