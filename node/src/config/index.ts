export { loadConfig } from './load-config.ts'
export type { ConfigSources } from './load-config.ts'
export type { OptionKind } from './options.ts'
export type { Config } from './schema.ts'
