export type { RemoteModelSettings } from './interface.ts'
export { readApiKey } from './read-api-key.ts'
export { RemoteModels } from './remote-models.ts'
