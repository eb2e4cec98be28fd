/** The TypeScript face of the contracts: typed ABIs, and one action per thing a node or client does on the chain. */
export { duckGovernorAbi } from './abi/duck-governor.ts'
export { duckTimelockAbi } from './abi/duck-timelock.ts'
export { duckTokenAbi } from './abi/duck-token.ts'
export { jobDisputesAbi } from './abi/job-disputes.ts'
export { jobMarketAbi } from './abi/job-market.ts'
export { providerRegistryAbi } from './abi/provider-registry.ts'
export { refereesAbi } from './abi/referees.ts'
export { signedFaultsAbi } from './abi/signed-faults.ts'
export { addStake } from './actions/add-stake.ts'
export { allotBySig } from './actions/allot-by-sig.ts'
export { allotFor } from './actions/allot-for.ts'
export { allotService } from './actions/allot-service.ts'
export { allot } from './actions/allot.ts'
export { approve } from './actions/approve.ts'
export { authorizeSession } from './actions/authorize-session.ts'
export { cancelOperatorRotation } from './actions/cancel-operator-rotation.ts'
export { cancelUnstake } from './actions/cancel-unstake.ts'
export { castVote } from './actions/cast-vote.ts'
export { commitOnion } from './actions/commit-onion.ts'
export { depositBySig } from './actions/deposit-by-sig.ts'
export { depositWithPermit } from './actions/deposit-with-permit.ts'
export { deposit } from './actions/deposit.ts'
export { disputeJob } from './actions/dispute-job.ts'
export { disputeMatches } from './actions/dispute-matches.ts'
export { disputeOmission } from './actions/dispute-omission.ts'
export { disputeReceipts } from './actions/dispute-receipts.ts'
export { disputeVerdicts } from './actions/dispute-verdicts.ts'
export { enterReferees } from './actions/enter-referees.ts'
export { executeProposal } from './actions/execute-proposal.ts'
export { expireDispute } from './actions/expire-dispute.ts'
export { finalizeJob } from './actions/finalize-job.ts'
export { finalizeJobs } from './actions/finalize-jobs.ts'
export { finalizeMany, type RedeemGroup } from './actions/finalize-many.ts'
export { finalizeService } from './actions/finalize-service.ts'
export { finishOperatorRotation } from './actions/finish-operator-rotation.ts'
export { finishUnallotFor } from './actions/finish-unallot-for.ts'
export { finishUnallotService } from './actions/finish-unallot-service.ts'
export { finishUnallot } from './actions/finish-unallot.ts'
export { getActiveProviders, type ActiveProviders } from './actions/get-active-providers.ts'
export { mint } from './actions/mint.ts'
export { operatorOf } from './actions/operator-of.ts'
export { payOutDispute } from './actions/pay-out-dispute.ts'
export { payOutFault } from './actions/pay-out-fault.ts'
export { propose } from './actions/propose.ts'
export { providerOf } from './actions/provider-of.ts'
export { queueProposal } from './actions/queue-proposal.ts'
export { readAccount, type EscrowAccount } from './actions/read-account.ts'
export { readCapacity } from './actions/read-capacity.ts'
export { readChannel, type Channel } from './actions/read-channel.ts'
export { readClasses } from './actions/read-classes.ts'
export { readCommittee } from './actions/read-committee.ts'
export { readDisputeParameters } from './actions/read-dispute-parameters.ts'
export { readDispute, type Dispute } from './actions/read-dispute.ts'
export { readEarned, type Earned } from './actions/read-earned.ts'
export {
  readElectionParameters,
  type ElectionParameters,
} from './actions/read-election-parameters.ts'
export { readFault, type ProvedFault } from './actions/read-fault.ts'
export { readOnion, type Onion } from './actions/read-onion.ts'
export { readOversight } from './actions/read-oversight.ts'
export { proposalIdOf, readProposal, type ProposalView } from './actions/read-proposal.ts'
export { readProvider, type Provider } from './actions/read-provider.ts'
export { readRedeemable, type Redeemable } from './actions/read-redeemable.ts'
export { readRefereeScore } from './actions/read-referee-score.ts'
export { readRotation, type Rotation } from './actions/read-rotation.ts'
export { readScore } from './actions/read-score.ts'
export { readSeed } from './actions/read-seed.ts'
export { readService, type ServiceAllotment } from './actions/read-service.ts'
export { readSession, type Session } from './actions/read-session.ts'
export { readWeight } from './actions/read-weight.ts'
export { readWeights, type Weight } from './actions/read-weights.ts'
export { reclaimSession } from './actions/reclaim-session.ts'
export { registryOf } from './actions/registry-of.ts'
export { registerProviderWithPermit } from './actions/register-provider-with-permit.ts'
export { registerProvider } from './actions/register-provider.ts'
export { reveal } from './actions/reveal.ts'
export { setClasses } from './actions/set-classes.ts'
export { setPeer } from './actions/set-peer.ts'
export { startOperatorRotation } from './actions/start-operator-rotation.ts'
export { startRevokeSession } from './actions/start-revoke-session.ts'
export { startUnallotFor } from './actions/start-unallot-for.ts'
export { startUnallotService } from './actions/start-unallot-service.ts'
export { startUnallot } from './actions/start-unallot.ts'
export { startUnstake } from './actions/start-unstake.ts'
export { startWithdrawEarned } from './actions/start-withdraw-earned.ts'
export { startWithdraw } from './actions/start-withdraw.ts'
export { tokenBalanceOf } from './actions/token-balance-of.ts'
export { unallotBySig } from './actions/unallot-by-sig.ts'
export { unallot } from './actions/unallot.ts'
export { waitForSuccess } from './actions/wait-for-success.ts'
export { withdrawEarned } from './actions/withdraw-earned.ts'
export { withdrawStake } from './actions/withdraw-stake.ts'
export { withdraw } from './actions/withdraw.ts'
export {
  BURN_DIVISOR,
  MAX_BATCH,
  MAX_FEE_BPS,
  MAX_GROUPS,
  MAX_PAGE,
  MIN_STAKE,
} from './constants.ts'
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
  DisputeParameters,
  Durations,
  OversightAddresses,
  Proposal,
  ReadClient,
  VotingParameters,
  WithAddresses,
  WithGovernor,
  WithOversight,
  WriteClient,
} from './interface.ts'
export { packVouchers, toCompactSignature, type SignedVoucher } from './pack-vouchers.ts'
export { LOCAL_DURATIONS, PARAMETERS, PUBLIC_DURATIONS } from './parameters.ts'
export {
  parseRedemption,
  type Redemption,
  type SkippedGroup,
  type SkippedVoucher,
} from './parse-redemption.ts'
export { signPermit } from './sign-permit.ts'
export type {
  Allotment,
  Deposit,
  RedeemPermit,
  ServiceVoucher,
  SessionGrant,
  TokenPermit,
  Unallotment,
  Voucher,
} from './signed.ts'
export type { BidAck, JobOrder, Match, Receipt, Signed, Verdict } from './evidence.ts'
export {
  matchesFault,
  omissionFault,
  receiptsFault,
  verdictsFault,
  wrongResultFault,
} from './fault-id.ts'
export { resolveDispute, type SignedRuling } from './actions/resolve-dispute.ts'
export { OUTCOMES, type Outcome } from './outcome.ts'
export { parseDispute, type OpenedDispute } from './parse-dispute.ts'
