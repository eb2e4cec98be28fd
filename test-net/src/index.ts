/** Local networks for tests, benchmarks and simulations. */
export { Devnet } from './devnet.ts'
export type { DevnetInit, DevnetProvider } from './devnet.ts'
export { runMainJob } from './job/main-job.ts'
export type { JobReport, MainJobReport, SettlementReport } from './job/interface.ts'
export { runJob } from './job/run-job.ts'
export { settle } from './job/settle.ts'
