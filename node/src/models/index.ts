/** The store of models: what is on this machine, by the hashes of its files. */
export { addModel } from './add-model.ts'
export type { Described, DescribeOptions } from './describe-folder.ts'
export { withStoreFailures } from './engine-failure.ts'
export type {
  BlockReader,
  BlockWriter,
  OpenModel,
  PartialBlob,
  StoredModel,
  StoreUsage,
} from './interface.ts'
export { ModelStore } from './model-store.ts'
export { packFolder } from './pack-model.ts'
export { selfTestModel } from './self-test-model.ts'
export { storeFolderOf } from './store-folder.ts'
