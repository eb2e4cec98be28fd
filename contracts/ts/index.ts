/** The TypeScript face of the contracts: typed ABIs, and one action per thing a node or client does on the chain. */
export { duckTokenAbi } from './abi/duck-token.ts'
export { jobMarketAbi } from './abi/job-market.ts'
export { providerRegistryAbi } from './abi/provider-registry.ts'
export { addStake } from './actions/add-stake.ts'
export { allotBySig } from './actions/allot-by-sig.ts'
export { allot } from './actions/allot.ts'
export { approve } from './actions/approve.ts'
export { depositWithPermit } from './actions/deposit-with-permit.ts'
export { deposit } from './actions/deposit.ts'
export { finalizeJob } from './actions/finalize-job.ts'
export { finalizeJobs } from './actions/finalize-jobs.ts'
export { finishUnallot } from './actions/finish-unallot.ts'
export { getActiveProviders, type ActiveProviders } from './actions/get-active-providers.ts'
export { mint } from './actions/mint.ts'
export { operatorOf } from './actions/operator-of.ts'
export { providerOf } from './actions/provider-of.ts'
export { readAccount, type EscrowAccount } from './actions/read-account.ts'
export { readCapacity } from './actions/read-capacity.ts'
export { readChannel, type Channel } from './actions/read-channel.ts'
export { readEarned, type Earned } from './actions/read-earned.ts'
export { readProvider, type Provider } from './actions/read-provider.ts'
export { registerProvider } from './actions/register-provider.ts'
export { startUnallot } from './actions/start-unallot.ts'
export { startUnstake } from './actions/start-unstake.ts'
export { startWithdrawEarned } from './actions/start-withdraw-earned.ts'
export { startWithdraw } from './actions/start-withdraw.ts'
export { tokenBalanceOf } from './actions/token-balance-of.ts'
export { unallot } from './actions/unallot.ts'
export { waitForSuccess } from './actions/wait-for-success.ts'
export { withdrawEarned } from './actions/withdraw-earned.ts'
export { withdrawStake } from './actions/withdraw-stake.ts'
export { withdraw } from './actions/withdraw.ts'
export { MAX_BATCH, MAX_PAGE, MIN_STAKE } from './constants.ts'
export {
  ContractError,
  decodeRevert,
  decodeRevertData,
  toContractError,
  type Revert,
} from './errors.ts'
export type {
  Addresses,
  DeployParameters,
  Durations,
  ReadClient,
  WithAddresses,
  WriteClient,
} from './interface.ts'
export { packVouchers, toCompactSignature, type SignedVoucher } from './pack-vouchers.ts'
export { LOCAL_DURATIONS, PARAMETERS, PUBLIC_DURATIONS } from './parameters.ts'
export { parseRedemption, type Redemption, type SkippedVoucher } from './parse-redemption.ts'
export type { Allotment, Voucher } from './signed.ts'
