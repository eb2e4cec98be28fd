/** What the gas benchmark reports: `npm run bench -- gas --json`. */
export interface GasReport {
  operations: GasOperation[]
  perJob: GasPerJob
  sizes: { contract: string; bytes: number }[]
}

/** One transaction, or one voucher of a batch where the name says so. */
export interface GasOperation {
  name: string
  /** `gasUsed` of the receipt: the whole transaction */
  gas: number
  /** what it may cost (issue "The chain", "It must show"); null where nothing is asked */
  goal: number | null
  /** what its bytes, storage, logs and signatures cost alone, see `transaction-floor.ts` */
  floor: number
}

/** 10 000 jobs between 1 024 pairs of a payer and a provider, gas a job. */
export interface GasPerJob {
  /** the seed's four transactions for each job */
  seedFlow: number
  /** one voucher for each pair, redeemed in full batches */
  voucherBatch: number
  /** the one over the other */
  ratio: number
}
