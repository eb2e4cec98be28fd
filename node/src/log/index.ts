export { createLogger } from './logger.ts'
export type { LoggerOptions, NodeLogger } from './logger.ts'
